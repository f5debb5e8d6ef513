import { expect, test } from 'vitest';
import type { ColumnSchema, TableSchema } from '../../../../src/model/table-schema.ts';
import type { TableToRead } from '../../../../src/source/mysql/snapshot/mysql-select-override.ts';
import {
  ChunkEndError,
  ChunkPlanner,
} from '../../../../src/source/mysql/snapshot/chunk-planner.ts';
import { tableDefinition } from '../../../support/mysql-definitions.ts';

const { signal } = new AbortController();

function tableToRead(sql: string, statement: string | null = null): TableToRead {
  const definition = tableDefinition(sql);
  const columns = definition.columns.map((_, tupleIndex) => ({ tupleIndex }) as ColumnSchema);
  const schema = { columns } as unknown as TableSchema;
  return { schema, definition, estimatedRows: 0, stamp: '', isUnversioned: false, statement };
}

/** A server whose tables have the ids 1 to `rows`, and the statements that it was asked. */
function server(rows: number): {
  readonly asked: string[];
  query(sql: string): Promise<{ columns: string[]; rows: string[][] }>;
} {
  const asked: string[] = [];
  return {
    asked,
    async query(sql) {
      asked.push(sql);
      await Promise.resolve();
      const from = Number(/ > (\d+)/.exec(sql)?.[1] ?? 0);
      const skip = Number(/LIMIT (\d+), 1$/.exec(sql)?.[1]);
      const end = from + skip + 1;
      return { columns: [], rows: end <= rows ? [[String(end)]] : [] };
    },
  };
}

const KEYED = 'CREATE TABLE t (id INT PRIMARY KEY, v TEXT)';

test('chunks follow each other without a gap, and the last one is open', async () => {
  const added: number[] = [];
  const planner = new ChunkPlanner([tableToRead(KEYED)], 10, (table) => added.push(table));
  const querier = server(25);
  const chunks = [];
  for (;;) {
    const chunk = await planner.next(querier, signal);
    if (chunk === null) break;
    chunks.push([chunk.from?.[0], chunk.to?.[0], planner.query(chunk).replace(/^.* WHERE /, '')]);
  }
  expect(chunks).toEqual([
    [undefined, '10', '`id` <= 10'],
    ['10', '20', '`id` > 10 AND `id` <= 20'],
    ['20', undefined, '`id` > 20'],
  ]);
  expect(added).toEqual([0, 0]);
  expect(querier.asked[1]).toBe(
    'SELECT `id` FROM `g`.`t` FORCE INDEX (`PRIMARY`) WHERE `id` > 10 ORDER BY `id` LIMIT 9, 1',
  );
});

test('while one looks for an end others begin the next table, and then come back', async () => {
  const tables = [tableToRead(KEYED), tableToRead('CREATE TABLE u (a INT)')];
  const planner = new ChunkPlanner(tables, 10, () => undefined);
  const querier = server(15);
  const chunks = await Promise.all([1, 2, 3, 4].map(() => planner.next(querier, signal)));
  expect(chunks.map((chunk) => chunk && [chunk.table, chunk.number, chunk.to])).toEqual([
    [0, 0, ['10']],
    [1, 0, null],
    [0, 1, null],
    null,
  ]);
});

test('the part of several columns is written out (PITFALLS B118)', async () => {
  const sql = 'CREATE TABLE t (a INT, b VARBINARY(9), PRIMARY KEY (b, a))';
  const planner = new ChunkPlanner([tableToRead(sql)], 10, () => undefined);
  const query = () => Promise.resolve({ columns: [], rows: [['00FF', '7']] });
  const chunk = await planner.next({ query }, signal);
  expect(chunk && planner.query(chunk)).toBe(
    "SELECT `a`, `b` FROM `g`.`t` FORCE INDEX (`PRIMARY`) WHERE (`b` <= x'00FF' AND " +
      "(`b` < x'00FF' OR (`b` = x'00FF' AND `a` <= 7)))",
  );
});

test('a table that is given up has no more chunks; an end that fails says which', async () => {
  const planner = new ChunkPlanner([tableToRead(KEYED)], 10, () => undefined);
  await planner.next(server(100), signal);
  const failing = { query: () => Promise.reject(new Error('gone')) };
  const error = await planner.next(failing, signal).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ChunkEndError);
  expect((error as ChunkEndError).table).toBe(0);
  planner.giveUp(0);
  expect(await planner.next(server(100), signal)).toBeNull();
});

test('a SELECT of a user is read in one piece, whatever it ends with', async () => {
  const table = tableToRead(KEYED, 'SELECT v, id FROM x -- all ;');
  const planner = new ChunkPlanner([table], 1, () => undefined);
  const chunk = await planner.next(server(0), signal);
  expect(chunk && planner.query(chunk)).toBe(
    'SELECT `id`, `v` FROM (SELECT v, id FROM x -- all\n) AS chosen',
  );
});
