import { expect, test } from 'vitest';
import { catalogRows } from '../../../../src/source/postgres/wire/catalog-session.ts';
import type { QueryResult } from '../../../../src/source/postgres/wire/wire-operation.ts';

function answering(...results: QueryResult[]): { query: () => Promise<readonly QueryResult[]> } {
  return { query: () => Promise.resolve(results) };
}

test('values get the names of their columns; of several statements the last counts', async () => {
  const first = { columns: ['x'], rows: [['9']], command: 'SELECT 1' };
  const last = {
    columns: ['id', 'name'],
    rows: [
      ['1', null],
      ['2', 'b'],
    ],
    command: 'SELECT 2',
  };
  expect(await catalogRows(answering(first, last), '')).toEqual([
    { id: '1', name: null },
    { id: '2', name: 'b' },
  ]);
});

test('no result, no rows', async () => {
  expect(await catalogRows(answering(), '')).toEqual([]);
});
