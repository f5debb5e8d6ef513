import { expect, test } from 'vitest';
import type { SnapshotOptions } from '../../../src/source/snapshot/snapshot-options.ts';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../../src/source/snapshot/snapshot-options.ts';
import { tablesToRead } from '../../../src/source/snapshot/snapshot-selection.ts';

const table = (name: string, rows: number) => ({
  schema: { id: { catalog: 'd', schema: 'public', table: name } },
  rows,
});
const tables = [table('b', 20), table('a', 5), table('signal', 1), table('c', 10)];

const read = (options: Partial<SnapshotOptions>): string[] =>
  tablesToRead(tables, { ...DEFAULT_SNAPSHOT_OPTIONS, ...options }, ({ rows }) => rows).map(
    ({ schema }) => schema.id.table,
  );

test('all of them in their order, unless somebody asks for less or for another order', () => {
  expect(read({})).toEqual(['b', 'a', 'signal', 'c']);
  expect(read({ includeTables: [/^public\.[ab]$/] })).toEqual(['b', 'a']);
  expect(read({ orderByRowCount: 'ascending' })).toEqual(['signal', 'a', 'c', 'b']);
  expect(read({ orderByRowCount: 'descending' })).toEqual(['b', 'c', 'a', 'signal']);
  const signalTable = 'public.signal';
  expect(read({ signalTable, signalTableSilent: true })).toEqual(['b', 'a', 'c']);
  expect(read({ signalTable, signalTableSilent: false })).toEqual(['b', 'a', 'c']);
});
