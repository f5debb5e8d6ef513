import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeSnapshotState } from '../../../../src/source/incremental/snapshot-state.ts';
import type { KeyChunk } from '../../../../src/source/mysql/snapshot/mysql-snapshot-ledger.ts';
import { MysqlSnapshotLedger } from '../../../../src/source/mysql/snapshot/mysql-snapshot-ledger.ts';

const ID = { catalog: 'def', schema: 'd', table: 't' };

/** So many chunks of ten rows each. */
function chunksOf(count: number, table = 0): KeyChunk[] {
  return Array.from({ length: count }, (_, number) => ({
    table,
    number,
    from: number === 0 ? null : [String(number * 10)],
    to: number === count - 1 ? null : [String((number + 1) * 10)],
  }));
}

test('in whichever order chunks end, the key is that before the first that is open', () => {
  const order = fc
    .integer({ min: 1, max: 12 })
    .chain((count) => fc.shuffledSubarray(chunksOf(count), { minLength: count }));
  fc.assert(
    fc.property(order, (chunks) => {
      const ledger = new MysqlSnapshotLedger([{ id: ID, key: ['id'] }], 'f:4');
      const done = new Set<number>();
      for (const chunk of chunks) {
        ledger.done(chunk, 10 * (done.size + 1));
        done.add(chunk.number);
        let first = 0;
        while (done.has(first)) first++;
        const [task] = decodeSnapshotState(ledger.text).tasks;
        if (first === chunks.length) {
          expect([ledger.isComplete, task]).toEqual([true, undefined]);
          continue;
        }
        expect(task?.lastKey ?? null).toEqual(first === 0 ? null : [String(first * 10)]);
        expect(task).toMatchObject({ method: 'keys', purpose: 'initial', orderedBy: ['id'] });
      }
    }),
    { numRuns: 100 },
  );
});

test('a table without a key is read anew, and one that is done is not told', () => {
  const other = { ...ID, table: 'u' };
  const tables = [
    { id: ID, key: null },
    { id: other, key: ['a', 'b'] },
  ];
  const ledger = new MysqlSnapshotLedger(tables, 'f:4');
  expect(decodeSnapshotState(ledger.text).tasks).toMatchObject([
    { table: 't', method: 'whole', snapshotId: 'f:4' },
    { table: 'u', method: 'keys', orderedBy: ['a', 'b'] },
  ]);
  for (const chunk of chunksOf(1)) ledger.done(chunk, 5);
  expect(decodeSnapshotState(ledger.text).tasks.map(({ table }) => table)).toEqual(['u']);
  for (const chunk of chunksOf(1, 1)) ledger.done(chunk, 0);
  expect([ledger.text, ledger.isComplete]).toEqual([null, true]);
});
