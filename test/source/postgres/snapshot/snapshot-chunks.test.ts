import { describe, expect, test } from 'vitest';
import type { SnapshotChunk } from '../../../../src/source/postgres/snapshot/snapshot-chunks.ts';
import {
  chunkQuery,
  pagesOf,
  planChunks,
} from '../../../../src/source/postgres/snapshot/snapshot-chunks.ts';
import { capturedTable, tableInfo } from '../../../support/table-fixtures.ts';

const small = tableInfo({ oid: 1, name: 'small' });
const large = tableInfo({ oid: 2, name: 'Large "one"' });

describe('planChunks', () => {
  test('small and unknown tables are one open range', () => {
    const chunks = planChunks([{ storage: [small] }, { storage: [large] }], new Map(), {
      pages: 4096,
    });
    expect(chunks).toEqual([
      { table: 0, storage: small, firstPage: 0, endPage: null },
      { table: 1, storage: large, firstPage: 0, endPage: null },
    ]);
  });

  test('ranges join without gap and the last one is open', () => {
    const sizes = new Map([[2, { pages: 25, heap: true }]]);
    const chunks = planChunks([{ storage: [large] }], sizes, { pages: 10 });
    expect(chunks.map(({ firstPage, endPage }) => [firstPage, endPage])).toEqual([
      [0, 10],
      [10, 20],
      [20, null],
    ]);
  });

  test('a table that fills its last range exactly gets no empty one more', () => {
    const sizes = new Map([[2, { pages: 20, heap: true }]]);
    expect(planChunks([{ storage: [large] }], sizes, { pages: 10 })).toHaveLength(2);
  });

  test('storage without ctid ranges is read whole', () => {
    const sizes = new Map([[2, { pages: 1000, heap: false }]]);
    expect(planChunks([{ storage: [large] }], sizes, { pages: 10 })).toHaveLength(1);
  });

  test('a root is read leaf by leaf; without leaves there is nothing to read', () => {
    const chunks = planChunks([{ storage: [] }, { storage: [small, large] }], new Map(), {
      pages: 4096,
    });
    expect(chunks.map(({ table, storage }) => [table, storage.oid])).toEqual([
      [1, 1],
      [1, 2],
    ]);
  });
});

test('chunks of rows follow the density of the table, as far as it is known', () => {
  expect(pagesOf(8192, 1000, 100_000)).toBe(81);
  expect(pagesOf(8192, 1000, 0)).toBe(81);
  expect(pagesOf(8192, 100_000, 1000)).toBe(4096);
  expect(pagesOf(10, 10, 1000)).toBe(1);
  const sizes = new Map([[2, { pages: 100, heap: true, rows: 1000 }]]);
  const chunks = planChunks([{ storage: [large] }], sizes, { rows: 300 });
  expect(chunks.map(({ firstPage }) => firstPage)).toEqual([0, 30, 60, 90]);
});

describe('chunkQuery', () => {
  test('quotes names, bounds the range and leaves holes for excluded columns', () => {
    const table = capturedTable(large, { captured: ['id'], sent: ['id', 'se cret'] });
    const query = (firstPage: number, endPage: number | null): string =>
      chunkQuery({ table: 0, storage: large, firstPage, endPage }, table);
    expect(query(0, null)).toBe(
      'COPY (SELECT "id", NULL FROM ONLY "public"."Large ""one""") TO STDOUT',
    );
    expect(query(0, 10)).toContain(` WHERE ctid < '(10,0)'::tid)`);
    expect(query(10, 20)).toContain(` WHERE ctid >= '(10,0)'::tid AND ctid < '(20,0)'::tid)`);
    expect(query(20, null)).toContain(` WHERE ctid >= '(20,0)'::tid)`);
  });

  test('keeps to the row filter of the publication', () => {
    const table = { ...capturedTable(small, {}), rowFilter: 'id > 5 OR id < 2' };
    expect(chunkQuery({ table: 0, storage: small, firstPage: 3, endPage: null }, table)).toContain(
      `WHERE ctid >= '(3,0)'::tid AND (id > 5 OR id < 2)) TO STDOUT`,
    );
  });

  test('a table without columns is read too: its rows count', () => {
    const table = capturedTable(small, { captured: [], sent: [] });
    expect(chunkQuery({ table: 0, storage: small, firstPage: 0, endPage: null }, table)).toBe(
      'COPY (SELECT  FROM ONLY "public"."small") TO STDOUT',
    );
  });

  test('a SELECT of the user is read in one piece, whatever the table is', () => {
    const table = capturedTable(large, { captured: ['id'], sent: ['id', 'note'] });
    const sizes = new Map([[2, { pages: 25, heap: true }]]);
    const chosen = { statement: 'SELECT id FROM x', storage: large };
    const [chunk, ...more] = planChunks([table], sizes, { pages: 10 }, () => chosen);
    expect(more).toEqual([]);
    expect(chunkQuery(chunk as SnapshotChunk, table)).toBe(
      'COPY (SELECT "id", NULL FROM (SELECT "id"::integer AS "id" ' +
        'FROM (SELECT id FROM x\n) AS chosen) AS chosen) TO STDOUT',
    );
  });
});
