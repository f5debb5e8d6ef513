import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import type { FamilyDatabase } from '../support/family-pipeline.ts';
import { familyPipeline, mysqlFamily, postgresFamily } from '../support/family-pipeline.ts';
import type { MysqlServer } from '../support/mysql-server.ts';
import { startServer } from '../support/mysql-server.ts';
import { freshDatabase } from '../support/postgres.ts';
import type { SqliteFamily } from '../support/sqlite-arrivals.ts';
import { sqliteArrival, sqliteFamily, UNUSUAL_VALUES } from '../support/sqlite-arrivals.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import type { TypedColumn, TypeTables } from '../support/type-tables.ts';
import { mysqlTables, postgresTables } from '../support/type-tables.ts';
import type { Family, ValueKind } from '../support/value-texts.ts';
import {
  comparable,
  comparableElements,
  selected,
  selectedElements,
} from '../support/value-texts.ts';

/*
 * Every type of every source into a SQLite file, by the daemon: snapshot, stream, a table that is
 * changed. The source is the oracle: what it prints is what SELECTs of SQLite find, value by value
 * (PITFALLS S15, S16, S17, S18, S19).
 */

const VERSIONS = { postgres: 18, mysql: '9.7', mariadb: '11.4' } as const;
const FAMILIES: readonly Family[] = ['postgres', 'mysql', 'mariadb'];

const MOVED: readonly (readonly [name: string, kind: ValueKind])[] = [
  ['id', 'number'],
  ['word', 'text'],
  ['n', 'number'],
  ['amount', 'number'],
  ['extra', 'text'],
  ['seen', 'time'],
];
const BEFORE = `CREATE TABLE moved (id int PRIMARY KEY, word varchar(10), n smallint,
    amount numeric(6,2)); CREATE TABLE keyless (word varchar(10), amount numeric(6,2));
  CREATE TABLE finished (id int PRIMARY KEY);
  INSERT INTO moved VALUES (1, 'one', 1, 1.25), (2, NULL, NULL, NULL), (3, 'three', -32768, 3),
    (4, 'four', 4, 4), (5, 'five', 5, -9999.99);
  INSERT INTO keyless VALUES ('a', 1.50), ('a', 1.50), ('b', NULL), ('b', NULL), ('c', 2)`;
const WIDENED = {
  postgres: `ALTER TABLE moved ADD COLUMN extra varchar(30) NOT NULL DEFAULT 'né',
    ADD COLUMN seen timestamp(3) DEFAULT '2020-01-01 00:00:00.5', ALTER word TYPE varchar(200),
    ALTER n TYPE bigint, ALTER amount TYPE numeric(12,4);
    ALTER TABLE keyless ALTER amount TYPE numeric(12,4)`,
  mysql: `ALTER TABLE moved ADD COLUMN extra varchar(30) NOT NULL DEFAULT 'né',
    ADD COLUMN seen datetime(3) DEFAULT '2020-01-01 00:00:00.5', MODIFY word varchar(200),
    MODIFY n bigint, MODIFY amount numeric(12,4);
    ALTER TABLE keyless MODIFY amount numeric(12,4)`,
};
const AFTER = `INSERT INTO moved VALUES
    (6, repeat('w', 200), 9007199254740993, 12345678.1234, 'six', NULL);
  UPDATE moved SET id = 30 WHERE id = 3; DELETE FROM moved WHERE id = 4;
  UPDATE moved SET n = -3000000000 WHERE id = 5;
  UPDATE keyless SET word = 'changed' WHERE amount = 2; INSERT INTO keyless VALUES ('d', 1.2345);
  INSERT INTO finished VALUES (1)`;
const LAST = [
  'SELECT 1 FROM finished',
  'SELECT 1 FROM moved WHERE n = -3000000000',
  "SELECT 1 FROM keyless WHERE word = 'd'",
];
/** One row of each pair of equal ones goes. */
const ONE_OF_EQUALS: Readonly<Record<Family, string>> = {
  postgres: `ALTER TABLE keyless REPLICA IDENTITY FULL;
    DELETE FROM keyless
      WHERE ctid IN (SELECT min(ctid) FROM keyless WHERE word < 'c' GROUP BY word)`,
  mysql:
    "DELETE FROM keyless WHERE word = 'a' LIMIT 1; DELETE FROM keyless WHERE word = 'b' LIMIT 1",
  mariadb:
    "DELETE FROM keyless WHERE word = 'a' LIMIT 1; DELETE FROM keyless WHERE word = 'b' LIMIT 1",
};

const servers: Partial<Record<Family, MysqlServer>> = {};

beforeAll(async () => {
  servers.mysql = await startServer(VERSIONS.mysql);
  servers.mariadb = await startServer(VERSIONS.mariadb);
});
afterAll(async () => {
  for (const server of Object.values(servers)) await server[Symbol.asyncDispose]();
});

async function database(family: Family): Promise<FamilyDatabase> {
  const server = servers[family];
  return server === undefined ? postgresFamily(await freshDatabase()) : mysqlFamily(server);
}

test.for(FAMILIES)('every type of %s arrives in SQLite, or is refused', async (family) => {
  await using source = await database(family);
  await using folder = await temporaryFolder('sqlite-oracle');
  const target = sqliteFamily(path.join(folder.path, 'copy of it.db'));
  const isPostgres = family === 'postgres';
  const tables = isPostgres
    ? postgresTables(VERSIONS.postgres)
    : mysqlTables(family, VERSIONS[family]);
  if (isPostgres) await source.run("SET intervalstyle = 'iso_8601'");
  await source.run(`${tables.schema}; ${BEFORE}`);
  await source.run(tables.write(1));
  const unsigned = { 'bigint.unsigned.handling.mode': 'precise' };
  await using pipeline = await familyPipeline(source, [target], isPostgres ? {} : unsigned);
  await using daemon = Daemon.start(pipeline);
  await daemon.until(({ source: { phase } }) => phase === 'streaming');
  await source.run(tables.write(10_001));
  await source.run(tables.refusedRows);
  await source.run(ONE_OF_EQUALS[family]);
  await source.run(WIDENED[isPostgres ? 'postgres' : 'mysql']);
  await source.run(AFTER);
  // Topics come side by side: the last of one says nothing of another.
  for (const last of LAST) {
    await vi.waitFor(
      () => {
        expect(target.rows(last), `${last}: ${daemon.output}`).toHaveLength(1);
      },
      { timeout: 60_000, interval: 50 },
    );
  }
  expectTypes(tables.columns, source, target);
  for (const column of tables.columns) await expectEqual(column, source, target);
  const parked = (await daemon.status())?.sinks[0]?.parked ?? [];
  expectUnusual(tables, target, parked);
  expect(parked.filter(({ topic }) => !topic.includes('refused'))).toEqual([]);
  await expectMoved(source, target);
  expect(await daemon.stop()).toBe(0);
});

function expectTypes(
  columns: readonly TypedColumn[],
  source: FamilyDatabase,
  target: SqliteFamily,
): void {
  const names = [...new Set(columns.map((column) => column.table))];
  const known = new Map(names.map((table) => [table, target.types(table)]));
  const shown = (type: string | undefined, column: TypedColumn): string =>
    `${source.family} ${column.type} → ${type}`;
  const wanted = (column: TypedColumn): string =>
    sqliteArrival(source.family, column.type, column.isArray);
  expect
    .soft(columns.map((column) => shown(known.get(column.table)?.get(column.name), column)))
    .toEqual(columns.map((column) => shown(wanted(column), column)));
}

/** One column at a time, so that a difference names its type. */
async function expectEqual(
  { table, name, kind, isArray, type }: TypedColumn,
  source: FamilyDatabase,
  target: SqliteFamily,
): Promise<void> {
  const text = isArray ? comparableElements : comparable;
  // SQLite does not keep the sign of a zero.
  const shown = (rows: readonly (readonly (string | null)[])[]): readonly string[] =>
    rows.map(([id, value]) => `${id} ${text(kind, value ?? null)}`.replace(/ -0$/, ' 0'));
  const isNative = isArray && source.family === 'postgres';
  const theirs = isNative
    ? selectedElements(kind, name)
    : selected(source.family, kind, name, type);
  const ours = selected('sqlite', kind, name, sqliteArrival(source.family, type, isArray));
  expect
    .soft(shown(target.rows(`SELECT id, ${ours} FROM ${table} ORDER BY id`)), type)
    .toEqual(shown(await source.rows(`SELECT id, ${theirs} FROM ${table} ORDER BY id`)));
}

/** What other targets refuse: it is there, or its table is parked before it. */
function expectUnusual(
  { refused }: TypeTables,
  target: SqliteFamily,
  parked: readonly { readonly topic: string; readonly code: string }[],
): void {
  for (const { table, value } of refused) {
    const wanted = UNUSUAL_VALUES[value];
    expect.soft(wanted, `${value} is not in the list`).not.toBeUndefined();
    const found = target.rows(`SELECT id, v FROM ${table} ORDER BY id`);
    const code = parked.find(({ topic }) => topic.endsWith(`.${table}`))?.code;
    const rest = wanted === null ? [] : [['2', wanted]];
    expect.soft(found, value).toEqual([['1', null], ...rest]);
    expect.soft(code, value).toBe(wanted === null ? 'VALUE_CONVERSION' : undefined);
  }
}

async function expectMoved(source: FamilyDatabase, target: SqliteFamily): Promise<void> {
  const shown = (rows: readonly (readonly (string | null)[])[]): unknown =>
    rows.map((row) => MOVED.map(([, kind], i) => comparable(kind, row[i] ?? null)));
  const query = (family: Family | 'sqlite'): string => {
    const columns = MOVED.map(([name, kind]) => selected(family, kind, name, ''));
    return `SELECT ${columns.join()} FROM moved ORDER BY moved.id`;
  };
  const wanted = shown(await source.rows(query(source.family)));
  expect(wanted).toHaveLength(5);
  expect(shown(target.rows(query('sqlite')))).toEqual(wanted);
  const keyless = 'SELECT word, amount FROM keyless';
  const sorted = (rows: readonly (readonly (string | null)[])[]): readonly string[] =>
    rows.map(([word, amount]) => `${word} ${comparable('number', amount ?? null)}`).toSorted();
  const rows = sorted(await source.rows(keyless));
  expect(rows).toHaveLength(4);
  expect(sorted(target.rows(keyless))).toEqual(rows);
}
