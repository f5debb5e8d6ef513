import { expect, test } from 'vitest';
import { TableCatalog } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import { CatalogKeeper } from '../../../../src/source/mysql/history/catalog-keeper.ts';
import { memoryText, SchemaMemories } from '../../../../src/source/mysql/history/schema-memory.ts';
import type { BinlogOffset } from '../../../../src/source/mysql/stream/binlog-offset.ts';
import type { BinlogPosition } from '../../../../src/source/mysql/stream/binlog-position.ts';
import type { StatementEffect } from '../../../../src/source/mysql/stream/statement-changes.ts';
import { MemoryHistory } from '../../../support/memory-history.ts';
import { applyAll, MYSQL, statementContext } from '../../../support/mysql-ddl.ts';

const OFFSET = { done: { file: 'b.000001', pos: 4, gtids: null }, held: null } as BinlogOffset;
const POSITION = { offset: () => OFFSET } as BinlogPosition;

function keeping(only: { readonly tables?: boolean; readonly databases?: boolean } = {}) {
  const catalog = new TableCatalog(0);
  const log = new MemoryHistory();
  const memories = new SchemaMemories(null);
  const keeper = new CatalogKeeper({
    catalog,
    memories,
    log,
    options: {
      topic: 'h',
      capturedTablesOnly: only.tables ?? false,
      capturedDatabasesOnly: only.databases ?? false,
      ddlFilter: [],
      recoversLost: false,
      includeComments: false,
    },
    isCaptured: (database, table) => database === 'shop' && table === 't',
    isDatabaseCaptured: (database) => database === 'shop',
    note: () => undefined,
  });
  const effect = (sql: string, database = 'shop'): StatementEffect => {
    const changes = applyAll(catalog, [sql], { ...statementContext(MYSQL), database });
    const tables = changes.length === 0 ? null : ['t'];
    const statement = { database, tables, ddl: sql, changes: [] };
    const told = sql.startsWith('TRUNCATE') ? [] : [statement];
    const nothing = { unknown: [], reasons: [], truncated: [], problems: [] };
    return { changes, statement, told, ...nothing };
  };
  const tell = (sql: string, database?: string): boolean => {
    keeper.begin();
    return keeper.of(effect(sql, database), POSITION) !== null;
  };
  return { catalog, log, memories, keeper, tell };
}

test('by default everything is remembered, else what is captured', () => {
  const all = keeping();
  expect(all.tell('CREATE TABLE other (id INT)', 'elsewhere')).toBe(true);
  const tables = keeping({ tables: true });
  expect(tables.tell('CREATE TABLE other (id INT)')).toBe(false);
  expect(tables.tell('CREATE TABLE t (id INT)')).toBe(true);
  expect(tables.tell('CREATE DATABASE d')).toBe(true);
  const databases = keeping({ databases: true });
  expect(databases.tell('CREATE TABLE other (id INT)')).toBe(true);
  expect(databases.tell('CREATE TABLE other (id INT)', 'elsewhere')).toBe(false);
});

test('what is not told has no number, or the history would have a gap', () => {
  const { memories, tell } = keeping();
  expect(tell('CREATE TABLE t (id INT)')).toBe(true);
  expect(tell('TRUNCATE t')).toBe(false);
  expect(memories.place.sequence).toBe(1);
});

test('a checkpoint is made of what is durable, at first and after every hundred', async () => {
  const { keeper, log, memories, tell } = keeping();
  const durable = async (): Promise<void> => {
    keeper.durable(memoryText(memories.place));
    await keeper.settled();
  };
  tell('CREATE TABLE t (id INT)');
  await durable();
  expect(log.stored).toMatchObject({ sequence: 1, catalog: { tables: [{ name: 't' }] } });
  for (let i = 0; i < 99; i++) tell(`ALTER TABLE t ADD c${i} INT`);
  await durable();
  expect(log.stored).toMatchObject({ sequence: 1 });
  tell('ALTER TABLE t DROP c1');
  await durable();
  expect(log.stored).toMatchObject({ sequence: 101 });
  expect(log.stored?.catalog.tables[0]?.columns).toHaveLength(99);
});

test('never of a catalog that is ahead of what is remembered', async () => {
  const { keeper, log, memories, tell } = keeping();
  tell('CREATE TABLE t (id INT)');
  const place = memoryText(memories.place);
  tell('ALTER TABLE t ADD v INT');
  keeper.durable(place);
  await keeper.settled();
  expect(log.stored, 'a later statement is on its way').toBeNull();
  keeper.begin();
  keeper.durable(memoryText(memories.place));
  await keeper.settled();
  expect(log.stored, 'a statement is being followed').toBeNull();
  keeper.durable(null);
});
