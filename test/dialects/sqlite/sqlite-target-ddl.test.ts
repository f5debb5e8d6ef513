import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { WantedColumn } from '../../../dialects/dialect.ts';
import { sqliteColumnType } from '../../../dialects/sqlite/sqlite-column-types.ts';
import {
  readSqliteTable,
  sqliteTableQuery,
} from '../../../dialects/sqlite/sqlite-target-catalog.ts';
import {
  addSqliteColumn,
  changeSqliteKey,
  changeSqliteType,
  createSqliteSchema,
  createSqliteTable,
  dropSqliteNotNull,
} from '../../../dialects/sqlite/sqlite-target-ddl.ts';
import type { ConnectSchema } from '../../../src/model/connect-schema.ts';

const name = { schema: 'main', table: 't' };

function column(columnName: string, schema: Partial<ConnectSchema> = {}): WantedColumn {
  const whole: ConnectSchema = { type: 'string', optional: true, ...schema };
  return { name: columnName, type: sqliteColumnType(whole), schema: whole };
}

function read(database: DatabaseSync) {
  const rows = database.prepare(sqliteTableQuery(name).text).all();
  const table = readSqliteTable(name, rows);
  if (table === null) throw new Error('there is a table');
  return table;
}

test('a STRICT table, in which only the key is NOT NULL; a whole key is the rowid', () => {
  const columns = [
    column('id', { type: 'int32', optional: false }),
    column('n', { type: 'float64', optional: false, default: 5 }),
    column('d', { name: 'io.debezium.time.Date', type: 'int32', default: 0 }),
  ];
  expect(createSqliteTable(name, columns, ['id'])).toEqual([
    'CREATE TABLE IF NOT EXISTS "main"."t" (\n  "id" INTEGER NOT NULL,\n' +
      '  "n" REAL DEFAULT 5.0,\n  "d" TEXT DEFAULT \'1970-01-01\',\n' +
      '  PRIMARY KEY ("id")\n) STRICT',
  ]);
});

test('2000 columns are made and written, one more is refused with the cure', () => {
  using database = new DatabaseSync(':memory:');
  const many = Array.from({ length: 2000 }, (_, i) => column(`c${i}`));
  for (const statement of createSqliteTable(name, many, ['c0'])) database.exec(statement);
  expect(read(database).columns).toHaveLength(2000);
  const values = many.map(() => '?').join();
  database.prepare(`INSERT INTO t VALUES (${values})`).run(...many.map(() => 'x'));
  expect(() => createSqliteTable(name, [...many, column('more')], ['c0'])).toThrow(/2001 columns/);
});

test('columns that differ by the case of ASCII letters only are refused', () => {
  expect(() => createSqliteTable(name, [column('Name'), column('nAME')], [])).toThrow(
    /Name and nAME .* differ only by upper and lower case/,
  );
  expect(createSqliteTable(name, [column('É'), column('é')], [])).toHaveLength(1);
});

test('a file has the schema main, and no other', () => {
  expect(createSqliteSchema('main')).toBeNull();
  expect(() => createSqliteSchema('public')).toThrow(
    expect.objectContaining({
      code: 'SINK_SCHEMA',
      cure: expect.stringContaining('${source.table}') as string,
    }),
  );
});

test('a new column gives its default to the rows that are there (ruling 5)', () => {
  using database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE t (id INTEGER PRIMARY KEY) STRICT; INSERT INTO t VALUES (1)');
  const required = { type: 'int32', optional: false } as const;
  database.exec(addSqliteColumn(name, column('n', { ...required, default: 7 })));
  database.exec(addSqliteColumn(name, column('m', required)));
  database.exec(addSqliteColumn(name, column('w', { default: "it's" })));
  expect(database.prepare('SELECT * FROM t').get()).toEqual({ id: 1, n: 7, m: null, w: "it's" });
});

test('a column takes null, or another type, and keeps its values', () => {
  using database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL) STRICT');
  database.exec('INSERT INTO t VALUES (1, 9007199254740993)');
  const [, n] = read(database).columns;
  database.exec(dropSqliteNotNull(name, n!));
  database.exec('INSERT INTO t VALUES (2, NULL)');
  database.exec(changeSqliteType(name, n!, { ddl: 'TEXT', enumType: null, exact: true }));
  expect(database.prepare('SELECT id, n FROM t').all()).toEqual([
    { id: 1, n: '9007199254740993' },
    { id: 2, n: null },
  ]);
});

test('the statements for another key make the same table with it', () => {
  using database = new DatabaseSync(':memory:');
  database.exec(`CREATE TABLE t (a TEXT NOT NULL, b INTEGER DEFAULT 3, PRIMARY KEY (a)) STRICT;
    INSERT INTO t VALUES ('x', 1), ('y', 1)`);
  database.exec(changeSqliteKey(read(database), ['a', 'b']));
  expect(read(database)).toMatchObject({
    primaryKey: ['a', 'b'],
    uniqueKeys: [['a', 'b']],
    columns: [{ castType: 'STRICT TEXT' }, { notNull: true, hasDefault: true }],
  });
  database.exec(changeSqliteKey(read(database), []));
  expect(read(database)).toMatchObject({ primaryKey: [], uniqueKeys: [] });
  expect(database.prepare('SELECT a, b FROM t ORDER BY a').all()).toHaveLength(2);
});
