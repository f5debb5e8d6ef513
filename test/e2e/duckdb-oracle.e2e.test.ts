import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import { askDuckdb, duckdbFamily, selectedOfDuckdb } from '../support/duckdb-arrivals.ts';
import type { FamilyDatabase } from '../support/family-pipeline.ts';
import { familyPipeline, mysqlFamily, postgresFamily } from '../support/family-pipeline.ts';
import type { MysqlServer } from '../support/mysql-server.ts';
import { startServer } from '../support/mysql-server.ts';
import { freshDatabase } from '../support/postgres.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { SOURCES, TARGETS, typeCell } from '../support/type-mapping.ts';
import type { TypedColumn } from '../support/type-tables.ts';
import { mysqlTables, postgresTables } from '../support/type-tables.ts';
import type { Family } from '../support/value-texts.ts';
import {
  comparable,
  comparableElements,
  selected,
  selectedElements,
} from '../support/value-texts.ts';

/*
 * Every type of every source into a DuckDB file, by the daemon: snapshot and stream. The source is
 * the oracle: what it prints is what DuckDB prints (PITFALLS S15, S16, S17, S18, S19).
 */

const VERSIONS = { postgres: 18, mysql: '9.7', mariadb: '11.4' } as const;
const FAMILIES: readonly Family[] = ['postgres', 'mysql', 'mariadb'];
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

test.for(FAMILIES)('every type of %s arrives in DuckDB', async (family) => {
  await using source = await database(family);
  await using folder = await temporaryFolder('duckdb-oracle');
  const file = path.join(folder.path, 'copy of it.db');
  const isPostgres = family === 'postgres';
  const tables = isPostgres
    ? postgresTables(VERSIONS.postgres)
    : mysqlTables(family, VERSIONS[family]);
  if (isPostgres) await source.run("SET intervalstyle = 'iso_8601'");
  await source.run(`${tables.schema}; CREATE TABLE finished (id int PRIMARY KEY)`);
  await source.run(tables.write(1));
  const unsigned = { 'bigint.unsigned.handling.mode': 'precise' };
  const target = duckdbFamily(file);
  await using pipeline = await familyPipeline(source, [target], isPostgres ? {} : unsigned);
  {
    await using daemon = Daemon.start(pipeline);
    await daemon.until(({ source: { phase } }) => phase === 'streaming');
    await source.run(tables.write(10_001));
    await source.run('INSERT INTO finished VALUES (1)');
    const names = ['finished', ...new Set(tables.columns.map(({ table }) => table))];
    const counts = names.map((name) => `(SELECT count(*) FROM ${name})`).join(' + ');
    const [[rows] = []] = await source.rows(`SELECT ${counts}`);
    await daemon.until(({ sinks }) => (sinks[0]?.applied ?? 0) >= Number(rows));
    expect((await daemon.status())?.sinks[0]?.parked).toEqual([]);
    expect(await daemon.stop()).toBe(0);
  }
  await askDuckdb(file, async (rows) => {
    expect(await rows('SELECT id FROM finished')).toHaveLength(1);
    for (const column of tables.columns) await expectEqual(column, source, rows);
  });
});

/** One column at a time, so that a difference names its type. */
async function expectEqual(
  { table, name, kind, isArray, type }: TypedColumn,
  source: FamilyDatabase,
  ours: (sql: string) => Promise<readonly (readonly (string | null)[])[]>,
): Promise<void> {
  const text = isArray ? comparableElements : comparable;
  const shown = (found: readonly (readonly (string | null)[])[]): readonly string[] =>
    found.map(([id, value]) => `${id} ${text(kind, value ?? null)}`);
  const isNative = isArray && source.family === 'postgres';
  const theirs = isNative
    ? selectedElements(kind, name)
    : selected(source.family, kind, name, type);
  const [[arrival = ''] = []] = await ours(
    `SELECT data_type FROM duckdb_columns()
     WHERE table_name = '${table}' AND column_name = '${name}'`,
  );
  expect.soft(arrival, type).toBe(typeInDuckdb(source.family, type));
  const mine = selectedOfDuckdb(kind, name, arrival ?? '');
  expect
    .soft(shown(await ours(`SELECT id, ${mine} FROM ${table} ORDER BY id`)), `${type} → ${arrival}`)
    .toEqual(shown(await source.rows(`SELECT id, ${theirs} FROM ${table} ORDER BY id`)));
}

/** As `docs/type-mapping.md` has it. */
function typeInDuckdb(family: Family, type: string): string | undefined {
  const source = SOURCES[family].find((each) => each.type === type);
  const target = TARGETS.find(({ name }) => name === 'DuckDB');
  return source === undefined || target === undefined ? type : typeCell(source, target).type;
}
