import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  readStoredOffset,
  toSourceOffset,
} from '../../../../src/source/mysql/stream/binlog-offset.ts';
import {
  ALL_ROWS,
  BinlogPosition,
  compareFiles,
  rowsSent,
} from '../../../../src/source/mysql/stream/binlog-position.ts';
import { binlogOffset } from '../../../support/binlog-offsets.ts';

const UUID = '531e30d3-e585-11f1-809b-02fc00000001';

interface Group {
  readonly gtid: string | null;
  readonly file: string;
  readonly pos: number;
  readonly end: number;
  /** Rows of each of its rows events. */
  readonly events: readonly number[];
}

/** Hands groups over as the stream does; stops after `limit` rows, as a crash would. */
function run(position: BinlogPosition, groups: readonly Group[], limit = Infinity): string[] {
  const told: string[] = [];
  for (const { gtid, file, pos, end, events } of groups) {
    position.begin({ gtid, file, pos }, 0);
    for (const [index, rows] of events.entries()) {
      const skip = position.openEvent();
      for (let row = 0; row < rows; row++) {
        if (row < skip) continue;
        if (told.length === limit) return told;
        told.push(`${file}:${pos}/${index}/${row}`);
        position.rows(row + 1);
      }
      position.closeEvent();
    }
    position.commit(file, end);
  }
  return told;
}

function groupsOf(
  shapes: readonly (readonly number[])[],
  kind: 'set' | 'domain' | 'file',
): Group[] {
  return shapes.map((events, i) => ({
    gtid: kind === 'file' ? null : kind === 'set' ? `${UUID}:${i + 1}` : `0-1-${i + 1}`,
    file: `b.00000${1 + Math.floor(i / 3)}`,
    pos: 5_000_000_000 + i * 100,
    end: 5_000_000_000 + (i + 1) * 100,
    events,
  }));
}

describe('a stop anywhere', () => {
  const shapes = fc.array(fc.array(fc.nat({ max: 3 }), { maxLength: 4 }), { maxLength: 9 });
  test.each(['set', 'domain', 'file'] as const)(
    'and a start from the offset then: each row once, in order; %s (PITFALLS B35, B36)',
    (kind) => {
      fc.assert(
        fc.property(shapes, fc.array(fc.nat({ max: 12 })), (shape, stops) => {
          const groups = groupsOf(shape, kind);
          const begin = binlogOffset({ gtids: kind === 'file' ? null : '' });
          const all = run(new BinlogPosition(begin), groups);
          let offset = begin;
          const told: string[] = [];
          for (const stop of [...stops, Infinity]) {
            const position = new BinlogPosition(offset);
            // The server may send all of it again.
            told.push(...run(position, groups, stop));
            offset = readStoredOffset(toSourceOffset('p', position.offset()));
          }
          expect(told).toEqual(all);
        }),
      );
    },
  );
});

test('by files no set of GTIDs begins: it would lack all that came before', () => {
  for (const gtids of [null, '']) {
    const position = new BinlogPosition(binlogOffset({ gtids }));
    position.begin({ gtid: `${UUID}:7`, file: 'b.000001', pos: 4 }, 0);
    position.commit('b.000001', 100);
    expect(position.offset().done.gtids).toBe(gtids === null ? null : `${UUID}:7`);
  }
});

test('the same object until it moves', () => {
  const position = new BinlogPosition(binlogOffset());
  const before = position.offset();
  expect(position.offset()).toBe(before);
  position.begin({ gtid: null, file: 'b.000001', pos: 4 }, 7);
  expect(position.offset()).toBe(before);
  position.openEvent();
  position.rows(1);
  expect(position.offset()).toMatchObject({
    open: { pos: 4 },
    eventsDone: 0,
    rowsDone: 1,
    seconds: 7,
  });
});

describe('idle', () => {
  test('moves between groups, forward only, and never inside (PITFALLS B9)', () => {
    const position = new BinlogPosition(binlogOffset());
    expect(position.idle('b.000001', 500)).toBe(true);
    expect(position.idle('b.000001', 400)).toBe(false);
    expect(position.place).toBe('b.000001:500');
    position.begin({ gtid: null, file: 'b.000001', pos: 500 }, 0);
    expect(position.idle('b.000002', 4)).toBe(false);
    expect(position.inGroup).toBe(true);
    expect(position.commit('b.000001', 600)).toBe(true);
    expect(position.idle('b.000002', 4)).toBe(true);
  });

  test('not while a half-published group has not come again', () => {
    const open = { file: 'b.000001', pos: 4, gtid: null };
    const position = new BinlogPosition(binlogOffset({}, { open, eventsDone: 1 }));
    expect(position.idle('b.000002', 4)).toBe(false);
    expect(position.offset().open).toEqual(open);
  });
});

describe('a prepared transaction (PITFALLS B32)', () => {
  const group = (number: number): Parameters<BinlogPosition['begin']>[0] => ({
    gtid: `${UUID}:${number}`,
    file: 'b.000001',
    pos: number * 100,
  });

  test('is left out of the set that the server is asked by, until its outcome', () => {
    const position = new BinlogPosition(binlogOffset({ gtids: '' }));
    position.begin(group(1), 0);
    position.prepare('x', 'b.000001', 200);
    position.begin(group(2), 0);
    position.commit('b.000001', 300);
    expect(position.offset()).toMatchObject({
      done: { gtids: `${UUID}:1-2`, pos: 300 },
      held: { gtids: `${UUID}:2`, pos: 4 },
    });
    const again = new BinlogPosition(position.offset());
    again.begin(group(3), 0);
    again.commit('b.000001', 400);
    // It may come later than others, on another server.
    expect(again.offset().held?.gtids).toBe(`${UUID}:2-3`);
    again.begin(group(1), 0);
    expect(again.isDone).toBe(true);
    again.prepare('x', 'b.000001', 200);
    expect(again.offset()).toMatchObject({
      done: { gtids: `${UUID}:1-3`, pos: 400 },
      held: { gtids: `${UUID}:2-3` },
    });
    again.begin(group(4), 0);
    again.commit('b.000001', 500);
    again.release('x');
    expect(again.offset().held).toBeNull();
  });

  test('without GTIDs all behind it comes again, and only the new is told', () => {
    const position = new BinlogPosition(binlogOffset());
    const at = (pos: number): Parameters<BinlogPosition['begin']>[0] => ({
      gtid: null,
      file: 'b.000001',
      pos,
    });
    position.begin(at(4), 0);
    position.prepare('x', 'b.000001', 100);
    position.begin(at(100), 0);
    position.commit('b.000001', 200);
    expect(position.offset().held).toEqual({ file: 'b.000001', pos: 4, gtids: null });
    const again = new BinlogPosition(position.offset());
    again.begin(at(4), 0);
    again.prepare('x', 'b.000001', 100);
    again.begin(at(100), 0);
    expect(again.isDone).toBe(true);
    expect(again.commit('b.000001', 200)).toBe(false);
    again.begin(at(200), 0);
    expect(again.isDone).toBe(false);
    expect(again.commit('b.000001', 300)).toBe(true);
    expect(again.offset().held?.pos).toBe(4);
    again.release('x');
    expect(again.offset().held).toBeNull();
  });
});

describe('what cannot be', () => {
  test('another group in place of the half-published one', () => {
    const open = { file: 'b.000001', pos: 4, gtid: `${UUID}:5` };
    const position = new BinlogPosition(binlogOffset({}, { open, rowsDone: 1 }));
    expect(() => {
      position.begin({ gtid: `${UUID}:6`, file: 'b.000001', pos: 4 }, 0);
    }).toThrow(`${UUID}:5 did not come again`);
  });

  test('fewer events than were published of it', () => {
    const open = { file: 'b.000001', pos: 4, gtid: null };
    const position = new BinlogPosition(binlogOffset({}, { open, eventsDone: 2 }));
    position.begin(open, 0);
    position.openEvent();
    position.closeEvent();
    expect(() => position.commit('b.000001', 9)).toThrow('with 1 events of rows, of which 2');
  });

  test('rows and ends outside, groups inside', () => {
    const position = new BinlogPosition(binlogOffset());
    expect(() => position.openEvent()).toThrow('rows outside');
    expect(() => position.commit('b.000001', 9)).toThrow('outside of one');
    position.begin({ gtid: null, file: 'b.000001', pos: 4 }, 0);
    expect(() => {
      position.begin({ gtid: null, file: 'b.000001', pos: 8 }, 0);
    }).toThrow('a group inside of another');
  });
});

test('what Debezium had sent counts for the first group that is new', () => {
  const sent = { events: 2, rows: 1 };
  const position = new BinlogPosition(binlogOffset({ pos: 100 }, { sentBefore: sent }));
  position.begin({ gtid: null, file: 'b.000001', pos: 4 }, 0);
  expect(position.sentBefore).toBeNull();
  position.commit('b.000001', 100);
  position.begin({ gtid: null, file: 'b.000001', pos: 100 }, 0);
  expect(position.sentBefore).toBe(sent);
  position.commit('b.000001', 200);
  expect(position.offset().sentBefore).toBeNull();
});

test('files are ordered by number: 1000000 comes behind 999999', () => {
  expect(compareFiles('b.1000000', 4, 'b.999999', 900)).toBeGreaterThan(0);
  expect(compareFiles('b.000001', 4, 'b.000001', 9)).toBeLessThan(0);
  expect(compareFiles('a', 4, 'b', 4)).toBeLessThan(0);
});

/** So many rows in events of at most this size; told by their number, until the limit. */
function tellCut(position: BinlogPosition, rows: number, size: number, limit: number): number[] {
  const told: number[] = [];
  position.begin({ gtid: `${UUID}:1`, file: 'b.000001', pos: 4 }, 0);
  for (let first = 0; first < rows; first += size) {
    const skip = position.openEvent();
    const count = Math.min(size, rows - first);
    for (let row = 0; row < count; row++) {
      if (row < skip) continue;
      if (told.length === limit) return told;
      told.push(first + row);
      position.rows(row + 1);
    }
    position.closeEvent(count);
  }
  position.commit('b.000001', 100);
  return told;
}

test('a transaction goes on at servers that cut it into other events (PITFALLS B20)', () => {
  const server = fc.record({ size: fc.integer({ min: 1, max: 9 }), limit: fc.nat({ max: 12 }) });
  fc.assert(
    fc.property(fc.nat({ max: 30 }), fc.array(server, { maxLength: 5 }), (rows, servers) => {
      let offset = binlogOffset({ gtids: `${UUID.replace('5', '6')}:1` });
      const told: number[] = [];
      for (const { size, limit } of [...servers, { size: 4, limit: Infinity }]) {
        if (offset.done.gtids?.includes(`${UUID}:1`) === true) break;
        const position = new BinlogPosition(offset);
        told.push(...tellCut(position, rows, size, limit));
        const stored = readStoredOffset(toSourceOffset('p', position.offset()));
        offset = stored.open === null ? stored : { ...stored, eventsDone: null, rowsDone: 0 };
      }
      expect(told).toEqual(Array.from({ length: rows }, (_, i) => i));
    }),
  );
});

// Of MariaDB: GTID, then for each statement itself, a table map, rows.
test.each([
  ['it counted no statements', { events: 4, rows: 2 }, [ALL_ROWS, 2, 0]],
  ['it counted them', { events: 3, rows: 1 }, [1, 0, 0]],
  ['both may be: what was perhaps not sent comes again', { events: 6, rows: 1 }, [ALL_ROWS, 1, 0]],
  ['which event it was behind is not told', { events: 3, rows: 0 }, [0, 0, 0]],
])('what Debezium had sent: %s', (_what, sent, expected) => {
  const group = { annotations: 0, isPast: false };
  const skips = expected.map((_rows, statement) => {
    group.annotations++;
    return rowsSent(group, 2 + 2 * statement, sent);
  });
  expect(skips).toEqual(expected);
});
