import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BinlogOrigin, SourceOffset } from '../../../../src/model/change-event.ts';
import { toSourceOffset } from '../../../../src/source/mysql/stream/binlog-offset.ts';
import { binlogPlaces } from '../../../../src/source/mysql/stream/binlog-places.ts';
import { BinlogPosition } from '../../../../src/source/mysql/stream/binlog-position.ts';
import { binlogOrigin } from '../../../rowpath/encoder-harness.ts';
import { binlogOffset } from '../../../support/binlog-offsets.ts';

type Gtids = 'none' | 'mysql' | 'mariadb';

const START: Readonly<Record<Gtids, string | null>> = { none: null, mysql: '', mariadb: '' };
const UUID = '3e11fa47-71ca-11e1-9e33-c80aa9429562';

function gtidOf(kind: Gtids, number: number): string | null {
  if (kind === 'none') return null;
  return kind === 'mysql' ? `${UUID}:${number}` : `0-1-${number}`;
}

/** An event, and where the reader is before it; of a group without rows that of its end. */
interface Step {
  readonly event: BinlogOrigin;
  readonly offset: SourceOffset;
}

/** What a server tells of groups with so many rows in each of their events. */
function stepsOf(
  groups: readonly (readonly number[])[],
  kind: Gtids,
  server: number,
  heartbeats = false,
): Step[] {
  const file = (index: number): string =>
    `bin-${server}.${String(1 + (index >> 1)).padStart(6, '0')}`;
  const resume = binlogOffset(
    { file: file(0), pos: 4, gtids: START[kind] },
    { serverUuid: `server ${server}`, serverId: server, fingerprint: 'f' },
  );
  const position = new BinlogPosition(resume);
  const steps: Step[] = [];
  for (const [index, events] of groups.entries()) {
    const pos = 100 * server + 4 + (index % 2) * 1000;
    const gtid = gtidOf(kind, index + 1);
    const origin = { file: file(index), groupPos: pos, gtid, transactionId: gtid ?? 'x' };
    if (heartbeats) position.idle(file(index), pos - 1);
    position.begin({ file: file(index), pos, gtid }, 1);
    const tell = (at: number, ordinal: number): void => {
      const event = { ...binlogOrigin(), ...origin, pos: at, ordinal };
      steps.push({ event, offset: toSourceOffset('shop', position.offset()) });
    };
    let ordinal = 0;
    for (const [at, rows] of events.entries()) {
      position.openEvent();
      for (let row = 0; row < rows; row++) {
        tell(pos + at, ordinal++);
        position.rows(row + 1);
      }
      position.closeEvent(rows);
    }
    tell(pos + 500, ordinal);
    position.commit(file(index), pos + 501);
  }
  return steps;
}

const groups = fc.array(fc.array(fc.nat(3), { maxLength: 3 }), { minLength: 1, maxLength: 8 });
const kinds = fc.constantFrom<Gtids>('none', 'mysql', 'mariadb');

test('an event lies before an offset if it comes first, in groups and between', () => {
  fc.assert(
    fc.property(groups, kinds, fc.nat(), (drawn, kind, seed) => {
      const steps = stepsOf(drawn, kind, 1);
      const limit = seed % steps.length;
      const { offset } = steps[limit] as Step;
      // Read again, the same place may come without the heartbeats that moved what was done.
      const beaten = stepsOf(drawn, kind, 1, true)[limit] as Step;
      for (const [at, step] of steps.entries()) {
        const isBefore = binlogPlaces.isBefore(step.event, offset, () => step.offset);
        // The end of a group of which all rows are told is behind them all.
        expect({ at, isBefore }).toEqual({ at, isBefore: at < limit });
        for (const other of [offset, beaten.offset]) {
          expect(Math.sign(binlogPlaces.compare(step.offset, other))).not.toBe(
            at < limit ? 1 : at > limit ? -1 : 2,
          );
        }
      }
    }),
  );
});

test('on another server the transactions say it, never its files', () => {
  fc.assert(
    fc.property(
      groups,
      fc.constantFrom<Gtids>('mysql', 'mariadb'),
      fc.nat(),
      (drawn, kind, seed) => {
        const steps = stepsOf(drawn, kind, 9);
        const copied = stepsOf(drawn, kind, 1);
        const limit = seed % steps.length;
        const { offset } = steps[limit] as Step;
        for (const [at, step] of copied.entries()) {
          const isBefore = binlogPlaces.isBefore(step.event, offset, () => step.offset);
          expect({ at, isBefore }).toEqual({ at, isBefore: at < limit });
        }
      },
    ),
  );
});

test('all before an offset is told when the reader is there, but not of an open group', () => {
  for (const kind of ['none', 'mysql', 'mariadb'] as const) {
    const steps = stepsOf([[2], [1], [1]], kind, 1).map(({ offset }) => offset);
    const [first, inside, end, second, , third] = steps;
    const isPast = (offset = first, at = first): boolean =>
      binlogPlaces.isPast(offset as SourceOffset, at as SourceOffset, () => true);
    expect([kind, isPast(first, first), isPast(second, first)]).toEqual([kind, true, false]);
    expect([kind, isPast(second, end), isPast(second, second)]).toEqual([kind, false, true]);
    expect([kind, isPast(second, third), isPast(inside, third)]).toEqual([kind, true, false]);
  }
  const [elsewhere] = stepsOf([[1]], 'none', 2);
  const [here] = stepsOf([[1]], 'none', 1);
  const [a, b] = [here?.offset, elsewhere?.offset] as [SourceOffset, SourceOffset];
  expect(binlogPlaces.isPast(a, b, () => true)).toBe(false);
});

test('what the server keeps is told within a file, and between two not', () => {
  const [first] = stepsOf([[1]], 'none', 1);
  const { offset } = first as Step;
  expect(binlogPlaces.placeOf(offset)).toBe('bin-1.000001:4');
  expect(binlogPlaces.bytesBetween(offset, 'bin-1.000001:104')).toBe(100);
  expect(binlogPlaces.bytesBetween(offset, 'bin-1.000002:104')).toBeNull();
  expect(binlogPlaces.bytesBetween(offset, 'bin-1.000000:104')).toBe(0);
  expect(binlogPlaces.beforeEvent((first as Step).event, offset)).toBe(offset);
});
