import fc from 'fast-check';
import { expect, test } from 'vitest';

import { formatPosition, parsePosition } from '../../src/model/change-position.ts';
import { lsn } from '../../src/model/lsn.ts';
import { epochState, nextEpochState, SourcePositions } from '../../src/runtime/source-positions.ts';
import { binlogOrigin, origin } from '../rowpath/encoder-harness.ts';

function opened(log = 'a'): SourcePositions {
  const positions = new SourcePositions();
  positions.opened(log);
  return positions;
}

function postgres(positions: SourcePositions, commit: bigint, ordinal = 1): string {
  return positions.textOf(origin({ commitLsn: lsn(commit) }), ordinal);
}

function binlog(positions: SourcePositions, file: string, groupPos: number, ordinal = 1): string {
  return positions.textOf(binlogOrigin({ file, groupPos }), ordinal);
}

test('the position of PostgreSQL is that of its commit, all 64 bits (P15)', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 64n - 1n), fc.nat(), (commit, ordinal) => {
      expect(postgres(opened(), commit, ordinal)).toBe(
        formatPosition({ epoch: 1, commit, ordinal }),
      );
    }),
  );
});

test('that of a binlog is the number of its file and where the group begins', () => {
  const positions = opened();
  expect(binlog(positions, 'mysql-bin.000010', 0x7b, 255)).toBe(
    '00000001-0000000a0000007b-000000ff',
  );
  // Numbers get longer after 999999 (PITFALLS B11): as text 1000000 would stand before 999999.
  expect(binlog(positions, 'mysql-bin.999999', 4) < binlog(positions, 'mysql-bin.1000000', 4)).toBe(
    true,
  );
});

test('groups of one file past 4 GiB rise, and so do those of the next file (B5)', () => {
  const positions = opened();
  const told = [
    binlog(positions, 'b.000001', 2 ** 32 - 1),
    binlog(positions, 'b.000001', 2 ** 32 + 5),
    binlog(positions, 'b.000001', 2 ** 32 + 9),
    binlog(positions, 'b.000002', 4),
    binlog(positions, 'b.000002', 90),
  ];
  expect(told.toSorted()).toEqual(told);
  expect(new Set(told).size).toBe(told.length);
});

test('another log is another epoch, the same one is not', () => {
  const positions = opened('a');
  const last = postgres(positions, 900n);
  expect(positions.opened('a')).toBe(false);
  expect(positions.opened('b')).toBe(true);
  const next = postgres(positions, 5n);
  expect(next > last).toBe(true);
  expect(parsePosition(next)?.epoch).toBe(2);
  expect(positions.opened('a')).toBe(true);
  expect(parsePosition(postgres(positions, 950n))?.epoch).toBe(3);
});

/** Once the place was taken for the one before, and had no commit until the next group began. */
test('the same place of another log is another one, and is told again as it was', () => {
  const positions = opened('a');
  expect(binlog(positions, 'b.000001', 4)).toBe('00000001-0000000100000004-00000001');
  positions.opened('b');
  expect(binlog(positions, 'b.000001', 4)).toBe('00000002-0000000100000004-00000001');
  expect(postgres(positions, 77n)).toBe('00000003-000000000000004d-00000001');
  positions.opened('c');
  expect(postgres(positions, 77n)).toBe('00000004-000000000000004d-00000001');
});

test('a log that goes back under its old name is another epoch (RESET BINARY LOGS)', () => {
  const positions = opened();
  const last = binlog(positions, 'b.000007', 4);
  const next = binlog(positions, 'b.000001', 4);
  expect(next > last).toBe(true);
  expect(binlog(positions, 'b.000001', 4)).toBe(next);
});

test('what is stored goes on, and gives the same change the same position again', () => {
  const steps = fc.array(
    fc.record({
      log: fc.constantFrom('a', 'a', 'a', 'b'),
      file: fc.integer({ min: 1, max: 4 }),
      pos: fc.integer({ min: 4, max: 40 }),
      rows: fc.integer({ min: 1, max: 3 }),
      crashes: fc.boolean(),
    }),
  );
  fc.assert(
    fc.property(steps, (all) => {
      let positions = opened('a');
      let last = '';
      for (const { log, file, pos, rows, crashes } of all) {
        positions.opened(log);
        const before = positions.offset();
        const tell = (): string[] =>
          Array.from({ length: rows }, (_, i) => binlog(positions, `b.00000${file}`, pos, i + 1));
        const told = tell();
        // Not below what was told before, whatever the server is and however it counts.
        for (const position of told) {
          expect(position.slice(0, 25) >= last.slice(0, 25)).toBe(true);
          last = position;
        }
        if (!crashes) continue;
        positions = new SourcePositions();
        positions.restore(before);
        expect(positions.opened(log)).toBe(false);
        expect(tell()).toEqual(told);
      }
    }),
  );
});

test('an offset without an epoch is of the first one, and one that was moved of the next', () => {
  const positions = new SourcePositions();
  positions.restore({ 'tidemark.version': 2 });
  expect(positions.epoch).toBe(1);
  expect(positions.offset()).toEqual({});
  expect(positions.opened('a')).toBe(false);
  postgres(positions, 77n);
  const state = positions.offset();
  expect(state).toEqual({
    'tidemark.epoch': 1,
    'tidemark.epoch_log': 'a',
    'tidemark.epoch_commit': '000000000000004d',
  });
  expect(epochState({ ...state, 'tidemark.version': 2, lsn: 5 })).toEqual(state);
  const moved = new SourcePositions();
  moved.restore(nextEpochState(state));
  expect(moved.opened('a')).toBe(false);
  expect(postgres(moved, 5n) > postgres(positions, 77n)).toBe(true);
  expect(nextEpochState({})).toEqual({});
});
