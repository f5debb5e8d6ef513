import { expect, test } from 'vitest';
import { TableCatalog } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import type { CatalogDelta } from '../../../../src/source/mysql/history/schema-memory.ts';
import { applyMemory, SchemaMemories } from '../../../../src/source/mysql/history/schema-memory.ts';
import { applyAll, MYSQL, statementContext } from '../../../support/mysql-ddl.ts';

const context = statementContext(MYSQL);

function remembered(catalog: TableCatalog, memories: SchemaMemories, sql: string): CatalogDelta {
  const memory = memories.of(applyAll(catalog, [sql], context), catalog, { file: 'b.000001' });
  expect(memory.position).toEqual({ file: 'b.000001' });
  return JSON.parse(memory.state) as CatalogDelta;
}

test('a statement leaves whole tables behind, and the names of those that went', () => {
  const catalog = new TableCatalog(0);
  const memories = new SchemaMemories(null);
  memories.base(catalog);
  const created = remembered(catalog, memories, 'CREATE TABLE t (id INT)');
  expect(created.tables.map(({ name, columns }) => [name, columns.length])).toEqual([['t', 1]]);
  expect(created).not.toHaveProperty('databases');
  const renamed = remembered(catalog, memories, 'RENAME TABLE t TO u');
  expect(renamed.removed).toEqual([{ database: 'shop', name: 't' }]);
  expect(renamed.tables.map(({ name }) => name)).toEqual(['u']);
  const database = remembered(catalog, memories, 'CREATE DATABASE d CHARACTER SET utf8mb4');
  expect(database.databases?.map(({ name }) => name)).toEqual(['d']);
  expect(memories.place.sequence).toBe(3);
});

test('it goes on counting where it stopped; a snapshot begins anew', () => {
  const resumed = new SchemaMemories({ epoch: 'e', sequence: 7 });
  const catalog = new TableCatalog(0);
  resumed.base(catalog);
  remembered(catalog, resumed, 'CREATE TABLE t (id INT)');
  expect(resumed.place).toEqual({ epoch: 'e', sequence: 8 });
  const fresh = [new SchemaMemories(null).place, new SchemaMemories(null).place];
  expect(new Set(fresh.map(({ epoch }) => epoch)).size).toBe(2);
  expect(fresh.map(({ sequence }) => sequence)).toEqual([0, 0]);
});

test('databases that are gone are gone after it too', () => {
  const catalog = new TableCatalog(0);
  const memories = new SchemaMemories(null);
  const other = new TableCatalog(0);
  for (const sql of ['CREATE DATABASE d', 'CREATE DATABASE e', 'DROP DATABASE d']) {
    applyMemory(other, memories.of(applyAll(catalog, [sql], context), catalog, {}));
  }
  expect([...other.databases()].map(({ name }) => name)).toEqual(['e']);
});
