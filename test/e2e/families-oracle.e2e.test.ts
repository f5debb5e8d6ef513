import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { MOVED } from '../support/changed-tables.ts';
import { runProgram } from '../support/cli-process.ts';
import { Daemon } from '../support/daemon.ts';
import type { FamilyDatabase } from '../support/family-pipeline.ts';
import { familyPipeline, mysqlFamily, postgresFamily } from '../support/family-pipeline.ts';
import type { MysqlServer } from '../support/mysql-server.ts';
import { startServer } from '../support/mysql-server.ts';
import type { OwnServer } from '../support/postgres.ts';
import { freshDatabase, startOwnServer } from '../support/postgres.ts';
import type { TypedColumn, TypeTables } from '../support/type-tables.ts';
import { mysqlTables, postgresTables } from '../support/type-tables.ts';
import type { Family } from '../support/value-texts.ts';
import {
  comparable,
  comparableElements,
  selected,
  selectedElements,
} from '../support/value-texts.ts';

/*
 * Every source into every product, by the daemon: snapshot, stream, changes of a table. The
 * databases are the oracle: what the source prints is what the target prints, value by value.
 * `postgres-arrivals` and `mysql-arrivals` say, type by type, what becomes what, and which values
 * park their table because the target has none for them (PITFALLS S15, S16, S17, S18, S19).
 */

/** `npm run test:all` adds the oldest that may be targets. */
const SETS = [
  { postgres: 18, mysql: '9.7', mariadb: '11.4' },
  ...(process.env['TIDEMARK_TEST_ALL'] === '1'
    ? [{ postgres: 14, mysql: '5.7', mariadb: '10.11' } as const]
    : []),
] as const;
const FAMILIES: readonly Family[] = ['postgres', 'mysql', 'mariadb'];

/** What a source needs so that no value of it is refused there. */
const UNSIGNED = { 'bigint.unsigned.handling.mode': 'precise' };
const OWN: Readonly<Record<Family, Readonly<Record<string, string>>>> = {
  postgres: {},
  mysql: UNSIGNED,
  mariadb: UNSIGNED,
};

/** Rows that move, in a table that changes while they do. */
const BEFORE = `CREATE TABLE moved (id int PRIMARY KEY, word varchar(10), n smallint,
    amount numeric(6,2)); CREATE TABLE finished (id int PRIMARY KEY);
  CREATE TABLE finished_at (id int PRIMARY KEY, d date);
  INSERT INTO moved VALUES (1, 'one', 1, 1.25), (2, NULL, NULL, NULL), (3, 'three', -32768, 3),
    (4, 'four', 4, 4), (5, 'five', 5, -9999.99)`;
const WIDENED = {
  postgres: `ALTER TABLE moved ADD COLUMN extra varchar(30) NOT NULL DEFAULT 'né',
    ADD COLUMN seen timestamp(3) DEFAULT '2020-01-01 00:00:00.5', ALTER word TYPE varchar(200),
    ALTER n TYPE bigint, ALTER amount TYPE numeric(12,4)`,
  mysql: `ALTER TABLE moved ADD COLUMN extra varchar(30) NOT NULL DEFAULT 'né',
    ADD COLUMN seen datetime(3) DEFAULT '2020-01-01 00:00:00.5', MODIFY word varchar(200),
    MODIFY n bigint, MODIFY amount numeric(12,4)`,
};
const AFTER = `INSERT INTO moved VALUES
    (6, repeat('w', 200), 9007199254740993, 12345678.1234, 'six', NULL);
  UPDATE moved SET id = 30 WHERE id = 3; DELETE FROM moved WHERE id = 4;
  UPDATE moved SET n = -3000000000 WHERE id = 5; INSERT INTO finished VALUES (1)`;

/** Keys that differ by case alone. */
const PRICES = `CREATE TABLE prices (code varchar(20), n int, amount decimal(12,4),
    at timestamp(6) NULL, PRIMARY KEY (code, n)); CREATE TABLE finished (id int PRIMARY KEY);
  INSERT INTO prices VALUES ('B', 1, 1.5, '2026-01-01 00:00:00.000001'), ('b', 2, NULL, NULL),
    ('d', 3, -0.0001, '2026-02-03 04:05:06.999999'), ('ü', 4, 99999999.9999, NULL);
  INSERT INTO finished VALUES (1)`;

describe.for(SETS)('PostgreSQL $postgres, MySQL $mysql, MariaDB $mariadb', (set) => {
  const servers: { mysql?: MysqlServer; mariadb?: MysqlServer; postgres?: OwnServer } = {};

  beforeAll(async () => {
    servers.mysql = await startServer(set.mysql);
    servers.mariadb = await startServer(set.mariadb);
    if (set.postgres !== inject('postgres').major) {
      servers.postgres = await startOwnServer({ major: set.postgres });
    }
  });
  afterAll(async () => {
    for (const server of Object.values(servers)) await server[Symbol.asyncDispose]();
  });

  async function database(family: Family): Promise<FamilyDatabase> {
    if (family !== 'postgres') return mysqlFamily(servers[family] as MysqlServer);
    return postgresFamily(await (servers.postgres?.freshDatabase() ?? freshDatabase()));
  }

  test.for(FAMILIES)('every type of %s arrives everywhere, or is refused', async (family) => {
    await using stack = new AsyncDisposableStack();
    const source = stack.use(await database(family));
    const targets: FamilyDatabase[] = [];
    // PostgreSQL into itself is `value-oracle`.
    for (const other of FAMILIES) {
      if (other !== 'postgres' || family !== 'postgres') {
        targets.push(stack.use(await database(other)));
      }
    }
    const tables =
      family === 'postgres' ? postgresTables(set.postgres) : mysqlTables(family, set[family]);
    if (family === 'postgres') await source.run("SET intervalstyle = 'iso_8601'");
    await source.run(`${tables.schema}; ${BEFORE}`);
    // The same values once by way of the snapshot, once by way of the stream (P104).
    await source.run(tables.write(1));
    const pipeline = stack.use(await familyPipeline(source, targets, OWN[family]));
    await using daemon = Daemon.start(pipeline);
    await daemon.until(({ source: { phase } }) => phase === 'streaming');
    await source.run(tables.write(10_001));
    await source.run(tables.refusedRows);
    await source.run(WIDENED[family === 'postgres' ? 'postgres' : 'mysql']);
    await source.run(AFTER);
    for (const target of targets) {
      await untilFinished(target, daemon);
      await expectTypes(tables.columns, source, target);
      for (const column of tables.columns) await expectEqual(column, source, target);
      await expectRefused(tables, target, daemon);
    }
    if (family === 'postgres') expect(await daemon.stop()).toBe(0);
    else await expectZeroDateRefused(source, daemon);
    for (const target of targets) await expectMoved(source, target);
  });

  test.for(['postgres', 'mysql'] as const)(
    'rows of %s that are damaged in MariaDB are named and told again',
    async (family) => {
      await using stack = new AsyncDisposableStack();
      const source = stack.use(await database(family));
      const target = stack.use(await database('mariadb'));
      await source.run(PRICES);
      // Where nobody else writes, a look waits for two of them.
      const often = family === 'postgres' ? { 'status.update.interval.ms': 300 } : OWN.mysql;
      const pipeline = stack.use(await familyPipeline(source, [target], often));
      await using daemon = Daemon.start(pipeline);
      await untilFinished(target, daemon);
      await target.run(`UPDATE prices SET amount = amount + 0.0001 WHERE code = 'B';
        UPDATE prices SET at = at + INTERVAL 1 MICROSECOND WHERE code = 'd';
        DELETE FROM prices WHERE code = 'b'; INSERT INTO prices (code, n) VALUES ('zz', 1)`);
      const named = ['B/1 different', 'b/2 missing', 'd/3 different', 'zz/1 surplus'];
      expect(await differences(pipeline.file, '--repair')).toEqual([0, named]);
      expect(await differences(pipeline.file)).toEqual([0, []]);
      await expectPrices(source, target);
      // What goes on behind a repair is applied as ever.
      await source.run(`UPDATE prices SET amount = 7 WHERE code = 'b'`);
      await source.run(`INSERT INTO finished VALUES (2)`);
      await vi.waitFor(
        async () => expect(await target.rows('SELECT id FROM finished')).toHaveLength(2),
        { timeout: 60_000, interval: 50 },
      );
      await expectPrices(source, target);
      expect(await daemon.stop()).toBe(0);
    },
  );
});

/** `tidemark verify` beside the daemon: its exit code, and the keys that it names. */
async function differences(file: string, ...more: readonly string[]) {
  const { code, stdout, stderr } = await runProgram(['verify', file, '--json', ...more]);
  expect(stderr).toBe('');
  const { tables } = JSON.parse(stdout) as ReportOfVerify;
  const found = tables.flatMap((table) =>
    table.differences.map(({ kind, key }) => `${Object.values(key).join('/')} ${kind}`),
  );
  return [code, found.toSorted((a, b) => (a < b ? -1 : 1))];
}

interface ReportOfVerify {
  readonly tables: readonly {
    readonly differences: readonly {
      readonly kind: string;
      readonly key: Readonly<Record<string, string>>;
    }[];
  }[];
}

async function expectPrices(source: FamilyDatabase, target: FamilyDatabase): Promise<void> {
  const read = async (database: FamilyDatabase): Promise<unknown> => {
    const rows = await database.rows('SELECT code, n, amount, CAST(at AS char(26)) FROM prices');
    return rows.map((row) => row.map(String).join(' ')).toSorted();
  };
  expect(await read(target)).toEqual(await read(source));
}

async function untilFinished(target: FamilyDatabase, daemon: Daemon): Promise<void> {
  await vi.waitFor(
    async () => {
      const rows = await target.rows('SELECT id FROM finished').catch(() => []);
      expect(rows, `${target.family}: ${daemon.output}`).toHaveLength(1);
    },
    { timeout: 60_000, interval: 50 },
  );
}

async function expectTypes(
  columns: readonly TypedColumn[],
  source: FamilyDatabase,
  target: FamilyDatabase,
): Promise<void> {
  const known = new Map<string, ReadonlyMap<string, string>>();
  for (const table of new Set(columns.map((column) => column.table))) {
    known.set(table, await target.types(table));
  }
  const shown = (type: string | undefined, column: TypedColumn): string =>
    `${source.family} ${column.type} → ${target.family} ${type}`;
  expect
    .soft(columns.map((column) => shown(known.get(column.table)?.get(column.name), column)))
    .toEqual(columns.map((column) => shown(column.arrives(target.family), column)));
}

/** One column at a time, so that a difference names its type. */
async function expectEqual(
  column: TypedColumn,
  source: FamilyDatabase,
  target: FamilyDatabase,
): Promise<void> {
  const { table, name, kind, isArray, type } = column;
  const hasMinusZero = source.hasMinusZero && target.hasMinusZero;
  const read = async (database: FamilyDatabase, of: string): Promise<unknown> => {
    const { family } = database;
    const isNative = isArray && family === 'postgres' && /\[\]$|^d_numbers$/.test(of);
    const expression = isNative ? selectedElements(kind, name) : selected(family, kind, name, of);
    const found = await database.rows(`SELECT id, ${expression} FROM ${table} ORDER BY id`);
    const text = isArray ? comparableElements : comparable;
    const shown = found.map(([id, value]) => `${id} ${text(kind, value ?? null)}`);
    return hasMinusZero ? shown : shown.map((line) => line.replace(/ -0$/, ' 0'));
  };
  const arrived = column.arrives(target.family);
  expect
    .soft(await read(target, arrived), `${type} → ${target.family} ${arrived}`)
    .toEqual(await read(source, type));
}

/** The row before it is there, the table is parked, and a person is told what to do. */
async function expectRefused(
  { refused }: TypeTables,
  target: FamilyDatabase,
  daemon: Daemon,
): Promise<void> {
  const sinks = (await daemon.status())?.sinks ?? [];
  const parked = sinks.find(({ name }) => name === target.family)?.parked ?? [];
  const codes: string[] = [];
  for (const { table, value, by } of refused) {
    const ids = await target.rows(`SELECT id FROM ${table} ORDER BY id`);
    const held = parked.find(({ topic }) => topic.endsWith(`.${table}`));
    const outcome = held === undefined ? 'taken' : held.code;
    codes.push(`${value}: ${outcome} ${ids.join()}`);
    // Not the cure of the code, but of the case.
    if (held !== undefined) expect.soft(held.message).not.toMatch(/handling mode/);
    const wanted = by.includes(target.family)
      ? /(?:SINK_RECORD|VALUE_CONVERSION) 1$/
      : /taken 1,2$/;
    expect.soft(codes.at(-1), `${target.family}: ${held?.message}`).toMatch(wanted);
  }
}

async function expectMoved(source: FamilyDatabase, target: FamilyDatabase): Promise<void> {
  const rowsOf = async (database: FamilyDatabase): Promise<unknown> => {
    const columns = MOVED.map(([name, kind]) => selected(database.family, kind, name, ''));
    const found = await database.rows(`SELECT ${columns.join()} FROM moved ORDER BY moved.id`);
    return found.map((row) => MOVED.map(([, kind], i) => comparable(kind, row[i] ?? null)));
  };
  const wanted = await rowsOf(source);
  expect(wanted).toHaveLength(5);
  expect(await rowsOf(target), `moved in ${target.family}`).toEqual(wanted);
}

/** Neither null nor 1970-01-01 (zero.date.handling.mode): the source stops and says so. */
async function expectZeroDateRefused(source: FamilyDatabase, daemon: Daemon): Promise<void> {
  await source.run(`SET SESSION sql_mode = '';
    INSERT INTO finished_at VALUES (1, '0000-00-00')`);
  expect((await daemon.ended).code).toBe(1);
  expect(daemon.output).toMatch(/VALUE_CONVERSION {2}.*finished_at\.d \(date\)/);
}
