import { expect, test } from 'vitest';
import {
  deleteDuckdbRows,
  deleteOneOfEachDuckdbRow,
  findDuckdbRows,
  insertDuckdbRows,
  insertDuckdbState,
  insertMissingDuckdbRows,
  moveDuckdbRow,
  updateAllDuckdbRows,
  updateDuckdbRows,
  upsertDuckdbRows,
} from '../../../dialects/duckdb/duckdb-target-sql.ts';
import {
  duckdbTableQuery,
  readDuckdbTable,
} from '../../../dialects/duckdb/duckdb-target-catalog.ts';
import type { BulkTarget, TargetTable } from '../../../dialects/dialect.ts';
import type { DuckdbMemory } from '../../support/duckdb-memory.ts';
import { duckdbMemory } from '../../support/duckdb-memory.ts';

const NAME = { schema: 'main', table: 't' };
const ALL = 'SELECT * FROM t ORDER BY ALL';

async function made(
  database: DuckdbMemory,
  columns: string,
): Promise<(names: readonly string[], key: readonly string[], guard?: string) => BulkTarget> {
  await database.rows(`CREATE TABLE t (${columns})`);
  const table = readDuckdbTable(NAME, await database.rows(duckdbTableQuery(NAME)));
  if (table === null) throw new Error('there is no table');
  return (names, key, guard) => ({
    table,
    key,
    columns: names.map((name) => {
      const column = table.columns.find((one) => one.name === name);
      if (column === undefined) throw new Error(name);
      return { column, plain: true };
    }),
    ...(guard === undefined ? {} : { guard }),
  });
}

test('rows are added as new ones only where an index refuses those that are there', async () => {
  using database = await duckdbMemory();
  const of = await made(database, 'id INTEGER PRIMARY KEY, v VARCHAR');
  expect(upsertDuckdbRows(of(['id', 'v'], ['v'])).fresh).toBeUndefined();
  const { fresh } = upsertDuckdbRows(of(['id', 'v'], ['id']));
  const add = (...cells: readonly string[][]) => database.changed(fresh?.bind(cells) ?? never());
  expect(await add(['1', '2'], ['a', 'b'])).toBe(2);
  await expect(add(['2'], ['c'])).rejects.toThrow('Duplicate key');
  expect(await database.rows(ALL)).toEqual([
    { id: 1, v: 'a' },
    { id: 2, v: 'b' },
  ]);
});

function never(): never {
  throw new Error('there is no such statement');
}

const tableOf = (target: BulkTarget): TargetTable => target.table;

test('rows are added, written over, completed and deleted by their keys', async () => {
  using database = await duckdbMemory();
  const of = await made(
    database,
    'id INTEGER, k VARCHAR, v VARCHAR, own INTEGER, PRIMARY KEY (id, k)',
  );
  const key = ['id', 'k'];
  const whole = of(['id', 'k', 'v', 'own'], key);
  const some = of(['id', 'k', 'v'], key);
  await database.changed(
    insertDuckdbRows(whole).bind([
      ['1', '2'],
      ['a', 'b'],
      ['x', null],
      ['7', '8'],
    ]),
  );
  await expect(
    database.changed(insertDuckdbRows(some).bind([['1'], ['a'], ['y']])),
  ).rejects.toThrow(/[Dd]uplicate key/);
  // A column that only the target has stays.
  await database.changed(
    upsertDuckdbRows(some).bind([
      ['1', '3'],
      ['a', 'c'],
      ['y', 'z'],
    ]),
  );
  expect(await database.texts(ALL)).toEqual(['1 a y 7', '2 b null 8', '3 c z null']);
  await database.changed(upsertDuckdbRows(whole).bind([['1'], ['a'], ['w'], [null]]));
  expect(
    await database.changed(
      updateDuckdbRows(some).bind([
        ['2', '9'],
        ['b', 'b'],
        ['u', 'u'],
      ]),
    ),
  ).toBe(1);
  expect(await database.texts(ALL)).toEqual(['1 a w null', '2 b u 8', '3 c z null']);
  // Rows of nothing but their key are looked for.
  const found = updateDuckdbRows(of(key, key)).bind([
    ['1', '9'],
    ['a', 'a'],
  ]);
  expect(await database.rows(found)).toHaveLength(1);
  await database.changed(
    insertMissingDuckdbRows(some).bind([
      ['1', '4', '4'],
      ['a', 'd', 'd'],
      ['n', 'n', 'm'],
    ]),
  );
  await database.changed(
    deleteDuckdbRows(of(key, key)).bind([
      ['2', '9'],
      ['b', 'b'],
    ]),
  );
  expect(await database.texts(ALL)).toEqual(['1 a w null', '3 c z null', '4 d n null']);
});

test('rows that others refer to are updated, never deleted and added', async () => {
  using database = await duckdbMemory();
  await database.rows('CREATE TABLE t (id INTEGER PRIMARY KEY, v VARCHAR)');
  await database.rows('CREATE TABLE u (id INTEGER REFERENCES t (id))');
  await database.rows("INSERT INTO t VALUES (1, 'a')");
  await database.rows('INSERT INTO u VALUES (1)');
  const table = readDuckdbTable(NAME, await database.rows(duckdbTableQuery(NAME)));
  if (table === null) throw new Error('there is no table');
  const columns = table.columns.map((column) => ({ column, plain: true }));
  const upsert = upsertDuckdbRows({ table, columns, key: ['id'] });
  await database.changed(
    upsert.bind([
      ['1', '2'],
      ['b', 'c'],
    ]),
  );
  expect(await database.texts(ALL)).toEqual(['1 b', '2 c']);
});

test('rows of a newer position are left alone, by every statement (ruling 4)', async () => {
  using database = await duckdbMemory();
  const of = await made(database, 'id INTEGER PRIMARY KEY, v VARCHAR, p VARCHAR, own INTEGER');
  await database.rows(
    "INSERT INTO t VALUES (1, 'a', '05', 1), (2, 'b', '09', 2), (3, 'c', NULL, 3)",
  );
  const cells = [
    ['1', '2', '3', '4'],
    ['n', 'n', 'n', 'n'],
    ['07', '07', '07', '07'],
  ];
  const some = of(['id', 'v', 'p'], ['id'], 'p');
  await database.changed(upsertDuckdbRows(some).bind(cells));
  expect(await database.texts(ALL)).toEqual(['1 n 07 1', '2 b 09 2', '3 n 07 3', '4 n 07 null']);
  // The same position is no newer one.
  const whole = of(['id', 'v', 'p', 'own'], ['id'], 'p');
  await database.changed(
    upsertDuckdbRows(whole).bind([
      ['1', '4', '2'],
      ['m', 'm', 'm'],
      ['07', '08', '08'],
      [null, '9', '9'],
    ]),
  );
  expect(await database.texts(ALL)).toEqual(['1 n 07 1', '2 b 09 2', '3 n 07 3', '4 m 08 9']);
  expect(
    await database.changed(
      updateDuckdbRows(some).bind([
        ['1', '2'],
        ['u', 'u'],
        ['08', '08'],
      ]),
    ),
  ).toBe(1);
  await database.changed(
    deleteDuckdbRows(of(['id', 'p'], ['id'], 'p')).bind([
      ['1', '2', '3'],
      ['08', '10', '08'],
    ]),
  );
  expect(await database.texts(ALL)).toEqual(['1 u 08 1', '4 m 08 9']);
});

test('of equal rows exactly as many go as are given (ruling 14, S31)', async () => {
  using database = await duckdbMemory();
  const of = await made(database, 'a DOUBLE, b VARCHAR, c INTERVAL');
  const target = of(['a', 'b', 'c'], []);
  const rows = [
    ['0', '-0', '0', 'NaN', 'NaN', null, '1'],
    ['x', 'x', 'x', 'x', 'x', null, 'x '],
    ['1 month', '1 month', '1 month', '30 days', '30 days', null, null],
  ];
  await database.changed(insertDuckdbRows(target).bind(rows));
  const gone = [
    ['0', 'NaN', null, '1', 'NaN'],
    ['x', 'x', null, 'x', 'x'],
    ['1 month', '30 days', null, null, '1 month'],
  ];
  expect(await database.changed(deleteOneOfEachDuckdbRow(target).bind(gone))).toBe(3);
  expect((await database.texts('SELECT * FROM t')).toSorted()).toEqual([
    '-0.0 x 1 month',
    '0.0 x 1 month',
    '1.0 x  null',
    'nan x 30 days',
  ]);
});

test('rows with a column called rowid have no address', async () => {
  using database = await duckdbMemory();
  const of = await made(database, '"RowId" INTEGER');
  expect(() => deleteOneOfEachDuckdbRow(of(['RowId'], []))).toThrow(/have no address/);
});

test('a row moves to another key, also there and back within a transaction (S5)', async () => {
  using database = await duckdbMemory();
  const of = await made(database, 'id INTEGER PRIMARY KEY, v VARCHAR');
  const table = tableOf(of(['id'], ['id']));
  await database.rows("INSERT INTO t VALUES (1, 'a'), (2, 'b')");
  await database.rows('BEGIN');
  for (const [from, to] of [
    ['1', '10'],
    ['10', '1'],
    ['1', '11'],
    ['9', '12'],
    ['2', '2'],
  ] as const) {
    await database.changed(moveDuckdbRow(table, ['id'], [from], [to]));
  }
  await database.rows("INSERT INTO t VALUES (1, 'again')");
  // A row that is there already stays.
  await database.changed(moveDuckdbRow(table, ['id'], ['11'], ['2']));
  await database.rows('COMMIT');
  expect(await database.texts(ALL)).toEqual(['1 again', '2 b']);
});

test('all rows of a value are set; state counts on or stays', async () => {
  using database = await duckdbMemory();
  const of = await made(database, 'id INTEGER PRIMARY KEY, gone BOOLEAN, epoch BIGINT DEFAULT 0');
  const [, gone] = tableOf(of(['id'], ['id'])).columns;
  if (gone === undefined) throw new Error('gone');
  const state = (count: string | null) =>
    insertDuckdbState({
      table: NAME,
      columns: ['id', 'gone'],
      rows: ['(1, false)', '(2, true)'],
      key: ['id'],
      count,
    });
  for (const count of [null, null, 'epoch']) await database.rows(state(count));
  const set = [{ column: gone, text: 'true' }];
  const where = { column: gone, text: 'false' };
  expect(await database.changed(updateAllDuckdbRows(tableOf(of(['id'], [])), set, where))).toBe(1);
  expect(await database.texts(ALL)).toEqual(['1 true 1', '2 true 1']);
});

test('rows are found by their keys, few or many, with where they stand', async () => {
  using database = await duckdbMemory();
  const of = await made(database, 'id INTEGER PRIMARY KEY, p VARCHAR, gone BOOLEAN');
  await database.rows("INSERT INTO t VALUES (1, 'x', true), (3, 'y', false), (5, NULL, NULL)");
  const keys = { ...of(['id'], ['id'], 'p'), deleted: 'gone' };
  const few = await database.rows(findDuckdbRows(keys).bind([['5', '4', '3', '1']]));
  expect(few.toSorted((left, right) => Number(left['n']) - Number(right['n']))).toEqual([
    { n: 0, position: null, gone: 0 },
    { n: 2, position: 'y', gone: 0 },
    { n: 3, position: 'x', gone: 1 },
  ]);
});

test('of all rows those are set that are older than the guard says', async () => {
  using database = await duckdbMemory();
  const of = await made(database, 'id INTEGER, p VARCHAR, gone BOOLEAN');
  await database.rows("INSERT INTO t VALUES (1, '1', false), (2, NULL, false), (9, '9', false)");
  const target = of(['p', 'gone'], []);
  const [p, gone] = target.columns.map(({ column }) => column);
  if (p === undefined || gone === undefined) throw new Error('columns');
  const where = { column: gone, text: 'false' };
  const set = [{ column: gone, text: 'true' }];
  const guard = { column: p, text: '5' };
  expect(await database.changed(updateAllDuckdbRows(tableOf(target), set, where, guard))).toBe(2);
  expect(await database.texts(ALL)).toEqual(['1 5 true', '2 5 true', '9 9 false']);
});
