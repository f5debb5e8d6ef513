import { expect, test } from 'vitest';
import {
  addDuckdbColumn,
  changeDuckdbKey,
  changeDuckdbType,
  createDuckdbSchema,
  createDuckdbTable,
  dropDuckdbNotNull,
  widenDuckdbColumns,
} from '../../../dialects/duckdb/duckdb-target-ddl.ts';
import {
  duckdbTableQuery,
  readDuckdbTable,
} from '../../../dialects/duckdb/duckdb-target-catalog.ts';
import type { TargetTable, WantedColumn } from '../../../dialects/dialect.ts';
import type { ConnectSchema, ConnectValue } from '../../../src/model/connect-schema.ts';
import type { DuckdbMemory } from '../../support/duckdb-memory.ts';
import { duckdbMemory } from '../../support/duckdb-memory.ts';

const NAME = { schema: 'a "schema"', table: 't' };
const exact = (ddl: string) => ({ ddl, enumType: null, exact: true });

function wanted(
  name: string,
  ddl: string,
  schema: Omit<ConnectSchema, 'optional'>,
  initial?: ConnectValue,
): WantedColumn {
  const whole = { ...schema, optional: true };
  return {
    name,
    type: exact(ddl),
    schema: initial === undefined ? whole : { ...whole, default: initial },
  };
}

async function read(database: DuckdbMemory): Promise<TargetTable> {
  const table = readDuckdbTable(NAME, await database.rows(duckdbTableQuery(NAME)));
  if (table === null) throw new Error('there is no table');
  return table;
}

const id = wanted('id', 'INTEGER', { type: 'int32' });

async function created(more: readonly WantedColumn[] = [], key = ['id']): Promise<DuckdbMemory> {
  const database = await duckdbMemory();
  await database.rows(createDuckdbSchema(NAME.schema));
  await database.rows(createDuckdbSchema(NAME.schema));
  for (const statement of createDuckdbTable(NAME, [id, ...more], key)) {
    await database.rows(statement);
    await database.rows(statement);
  }
  return database;
}

test('constants of the source are defaults, of rows that are there too (ruling 5)', async () => {
  using database = await created([wanted('w', 'VARCHAR', { type: 'string' }, "it's\0")]);
  await database.rows(`INSERT INTO "a ""schema""".t (id) VALUES (1)`);
  await database.rows(
    addDuckdbColumn(NAME, wanted('b', 'BLOB', { type: 'bytes' }, Buffer.from([0, 255]))),
  );
  const list = { type: 'array', valueSchema: { type: 'int32', optional: true } } as const;
  await database.rows(addDuckdbColumn(NAME, wanted('l', 'INTEGER[]', list, [1, null])));
  const rows = await database.texts(`SELECT id, w = 'it''s' || chr(0), b, l FROM "a ""schema""".t`);
  expect(rows).toEqual([String.raw`1 true \x00\xFF [1, NULL]`]);
  const { primaryKey, columns } = await read(database);
  expect(primaryKey).toEqual(['id']);
  expect(columns.map(({ notNull }) => notNull)).toEqual([true, false, false, false]);
});

test('names that differ by case only are refused: DuckDB holds them equal (S21)', () => {
  const other = wanted('ID', 'INTEGER', { type: 'int32' });
  expect(() => createDuckdbTable(NAME, [id, other], [])).toThrow(
    /id and ID .* upper and lower case/,
  );
});

test('a column grows, and takes null', async () => {
  using database = await created([wanted('n', 'DECIMAL(6,2)', { type: 'bytes' })]);
  await database.rows('ALTER TABLE "a ""schema""".t ALTER n SET NOT NULL');
  await database.rows(`INSERT INTO "a ""schema""".t VALUES (1, 1.5), (2, 20), (3, 0.05)`);
  const table = await read(database);
  const change = (name: string, ddl: string, relax = false) => {
    const column = table.columns.find((one) => one.name === name);
    if (column === undefined) throw new Error(name);
    return { column, type: exact(ddl), relax };
  };
  const grown = widenDuckdbColumns(NAME, [change('n', 'VARCHAR', true)], table);
  for (const statement of grown.split(';\n')) await database.rows(statement);
  expect(await database.texts('SELECT n FROM "a ""schema""".t')).toEqual(['1.5', '20', '0.05']);
  expect((await read(database)).columns[1]).toMatchObject({ type: 'VARCHAR', notNull: false });
  const { column } = change('n', 'VARCHAR');
  expect(dropDuckdbNotNull(NAME, column)).toContain('DROP NOT NULL');
  expect(changeDuckdbType(NAME, column, exact('DATE'))).toContain('TYPE DATE USING');
});

/** ALTER lets a column of a key alone. */
test('a column of a key grows with its table made anew, which keeps all else', async () => {
  using database = await created([wanted('w', 'VARCHAR', { type: 'string' }, 'x')]);
  await database.rows('INSERT INTO "a ""schema""".t (id) SELECT range FROM range(5)');
  const table = await read(database);
  const changes = table.columns.slice(0, 1).map((column) => ({
    column,
    type: exact('BIGINT'),
    relax: false,
  }));
  const statements = widenDuckdbColumns(NAME, changes, table).split(';\n');
  expect(statements).toHaveLength(4);
  for (const statement of ['BEGIN', ...statements, 'COMMIT']) await database.rows(statement);
  const after = await read(database);
  expect(after).toMatchObject({ primaryKey: ['id'], uniqueKeys: [['id']] });
  expect(after.columns).toMatchObject([
    { name: 'id', type: 'BIGINT', notNull: true },
    { name: 'w', type: 'VARCHAR', hasDefault: true },
  ]);
  await database.rows('INSERT INTO "a ""schema""".t (id) VALUES (9007199254740993)');
  expect(
    await database.texts('SELECT count(*), sum(id), any_value(w) FROM "a ""schema""".t'),
  ).toEqual(['6 9007199254741003 x']);
});

test('the statements for another key can be run as they are', async () => {
  using database = await created([wanted('w', 'VARCHAR', { type: 'string' })]);
  await database.rows(`INSERT INTO "a ""schema""".t VALUES (1, 'a')`);
  const script = changeDuckdbKey(await read(database), ['w', 'id']);
  for (const statement of script.replace(/;$/, '').split(';\n')) await database.rows(statement);
  expect(await read(database)).toMatchObject({ primaryKey: ['w', 'id'] });
  expect(await database.texts('SELECT * FROM "a ""schema""".t')).toEqual(['1 a']);
});
