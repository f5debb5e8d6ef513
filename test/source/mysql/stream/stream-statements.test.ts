import { expect, test } from 'vitest';
import { parseDdlStatement } from '../../../../dialects/mysql/ddl/ddl-statement.ts';
import { TableCatalog } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import type { TableDefinition } from '../../../../dialects/mysql/ddl/table-definition.ts';
import { DEFAULT_MYSQL_VALUE_MODES } from '../../../../dialects/mysql/mysql-value-modes.ts';
import type { BinlogPosition } from '../../../../src/source/mysql/stream/binlog-position.ts';
import type { BinlogTransactions } from '../../../../src/source/mysql/stream/binlog-transactions.ts';
import { CatalogRereads } from '../../../../src/source/mysql/stream/catalog-rereads.ts';
import { MysqlTableSchemas } from '../../../../src/source/mysql/stream/mysql-table-schemas.ts';
import type { FollowedStatement } from '../../../../src/source/mysql/stream/stream-statements.ts';
import { StreamStatements } from '../../../../src/source/mysql/stream/stream-statements.ts';
import { MYSQL, tableAfter } from '../../../support/mysql-ddl.ts';

const AT = { file: 'b.000001', pos: 100 };

/** Follows statements in the database `shop`, of which the tables but `other…` are captured. */
function following(live: Readonly<Record<string, TableDefinition>> = {}) {
  const catalog = new TableCatalog(0);
  const asked: string[] = [];
  const warnings: string[] = [];
  const rereads = new CatalogRereads(
    {
      names: () => Promise.resolve(Object.values(live)),
      definition: ({ name }) => {
        asked.push(name);
        return Promise.resolve(live[name] ?? null);
      },
      end: () => Promise.resolve({ file: 'b.000001', pos: 500 }),
    },
    catalog,
  );
  const shape = {
    wantsTable: (_: string, table: string) => !table.startsWith('other'),
    wantsColumn: () => true,
    masks: [],
    messageKeys: [],
    modes: DEFAULT_MYSQL_VALUE_MODES,
  };
  const statements = new StreamStatements({
    catalog,
    schemas: new MysqlTableSchemas(catalog, shape, MYSQL),
    position: {} as BinlogPosition,
    transactions: { server: MYSQL } as unknown as BinlogTransactions,
    skipsStatement: (sql) => sql.startsWith('/* skip'),
    rereads,
    unreadable: (error) => {
      throw error;
    },
    warn: (text) => warnings.push(text),
  });
  const follow = (sql: string, at = AT): Promise<FollowedStatement | null> => {
    const context = { sqlMode: null, serverCollation: null, utf8mb4Collation: null };
    const event = { kind: 'query', sql, schema: 'shop', threadId: 1, context } as never;
    const statement = parseDdlStatement(sql, MYSQL);
    return statements.follow({ kind: 'statement', statement, event, ends: true }, at);
  };
  return { catalog, asked, warnings, follow };
}

test('what is left out changes nothing', async () => {
  const { catalog, follow } = following();
  expect(await follow('/* skip */ CREATE TABLE t (id INT)')).toBeNull();
  expect(catalog.table('shop', 't')).toBeUndefined();
});

test('a captured table that is not known is read from the server, and somebody told', async () => {
  const { catalog, asked, warnings, follow } = following({
    t: tableAfter(['CREATE TABLE t (id INT, v INT)'], MYSQL),
  });
  await follow('ALTER TABLE t ADD v INT');
  expect(asked).toEqual(['t']);
  expect(catalog.table('shop', 't')?.columns).toHaveLength(2);
  expect(warnings).toEqual([
    'the binlog does not tell the shape of shop.t: the table is not known (b.000001:100). ' +
      'It is read from the server.',
  ]);
});

test('one that is not captured is forgotten, and nobody asked', async () => {
  const { catalog, asked, follow } = following();
  await follow('CREATE TABLE other (id INT)');
  await follow('ALTER TABLE other DROP COLUMN nothing');
  expect(catalog.table('shop', 'other')).toBeUndefined();
  expect(asked).toEqual([]);
});

test('a statement that stands before the end at which it was read is not done twice', async () => {
  const { catalog, asked, follow } = following({
    t: tableAfter(['CREATE TABLE t (id INT, v INT, w INT)'], MYSQL),
  });
  await follow('ALTER TABLE t ADD v INT');
  // It was in what was read already.
  await follow('ALTER TABLE t ADD w INT', { file: 'b.000001', pos: 300 });
  expect(catalog.table('shop', 't')?.columns.map(({ name }) => name)).toEqual(['id', 'v', 'w']);
  expect(asked).toEqual(['t', 't']);
  await follow('ALTER TABLE t DROP w', { file: 'b.000001', pos: 900 });
  expect(catalog.table('shop', 't')?.columns.map(({ name }) => name)).toEqual(['id', 'v']);
  expect(asked).toEqual(['t', 't']);
});

test('partitions that are dropped stop nothing, and somebody is told (PITFALLS B43)', async () => {
  const { warnings, follow } = following();
  await follow('CREATE TABLE t (id INT)');
  await follow('ALTER TABLE t DROP PARTITION p');
  expect(warnings).toEqual([
    'DROP PARTITION of shop.t moved rows, and no event tells which (b.000001:100). ' +
      'Snapshot the table anew.',
  ]);
});
