import { expect, test } from 'vitest';
import { lsn } from '../../../../src/model/lsn.ts';
import type { SnapshotChunk } from '../../../../src/source/postgres/snapshot/snapshot-chunks.ts';
import { SnapshotLedger } from '../../../../src/source/postgres/snapshot/snapshot-ledger.ts';
import { decodeSnapshotState } from '../../../../src/source/incremental/snapshot-state.ts';
import { READING } from '../../../support/window-fixtures.ts';

const { captured } = READING;
const keyless = {
  ...captured,
  info: { ...captured.info, uniqueIndexes: [] },
  schema: { ...captured.schema, id: { catalog: 'd', schema: 'public', table: 'k' } },
};
const [storage] = captured.storage;

test('what is left shrinks with each chunk, and is nothing at the end', () => {
  if (storage === undefined) throw new Error('the table has storage');
  const chunk = (table: number, firstPage: number, endPage: number | null): SnapshotChunk => ({
    table,
    storage,
    firstPage,
    endPage,
  });
  const chunks = [chunk(0, 0, 4), chunk(0, 4, 8), chunk(0, 8, null), chunk(1, 0, null)];
  const ledger = new SnapshotLedger([captured, keyless], chunks, {
    sizes: new Map([[7, { pages: 10, heap: true }]]),
    files: new Map([[7, '500 x']]),
    consistentPoint: lsn(16n),
  });
  const tasks = (): readonly unknown[] =>
    decodeSnapshotState(ledger.text).tasks.map(({ table, method, parts, rows }) => [
      table,
      method,
      rows,
      parts.map((part) => part.done),
    ]);
  expect(tasks()).toEqual([
    ['t', 'pages', 0, [[]]],
    ['k', 'whole', 0, []],
  ]);
  ledger.done(chunk(0, 8, null), 20);
  ledger.done(chunk(0, 0, 4), 55);
  expect(tasks()[0]).toEqual([
    't',
    'pages',
    55,
    [
      [
        [0, 4],
        [8, 10],
      ],
    ],
  ]);
  ledger.done(chunk(0, 4, 8), 90);
  expect(tasks()).toEqual([['k', 'whole', 0, []]]);
  ledger.done(chunk(1, 0, null), 3);
  expect(ledger.text).toBeNull();
});
