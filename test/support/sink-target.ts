import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { TargetDialect } from '../../dialects/dialect.ts';
import { duckdbTarget } from '../../dialects/duckdb/duckdb-target-dialect.ts';
import { mysqlTarget } from '../../dialects/mysql/mysql-target-dialect.ts';
import { postgresTarget } from '../../dialects/postgres/postgres-target-dialect.ts';
import { sqliteTarget } from '../../dialects/sqlite/sqlite-target-dialect.ts';
import type { SinkTask } from '../../src/model/sink-record.ts';
import { openDuckdbSession } from '../../src/sink/sql/duckdb-session.ts';
import { createSqlSink } from '../../src/sink/sql/sql-sink.ts';
import type { SqlSinkOptions } from '../../src/sink/sql/sql-sink-options.ts';
import type { OpenSession, TargetSession } from '../../src/sink/sql/target-session.ts';
import { targetOf } from '../../src/sink/sql/target-product.ts';
import type { MysqlAddress, MysqlDatabase } from './mysql-database.ts';
import { createMysqlDatabase, sharedMysql } from './mysql-database.ts';
import type { Row } from './postgres.ts';
import { freshDatabase } from './postgres.ts';
import { never, sinkOptions } from './sink-harness.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A database of any product that sinks of a test write to: what all of them have in common. */
export interface SinkTarget extends AsyncDisposable {
  readonly dialect: TargetDialect;
  /** Tables of every source schema come into this one, and the sink's own too. */
  readonly schema: string;
  options(change?: Partial<SqlSinkOptions>): SqlSinkOptions;
  /** Rows of the (last) statement; without a schema names mean this one. */
  query<R extends Row = Row>(sql: string): Promise<R[]>;
  hasTable(name: string): Promise<boolean>;
  open(): Promise<TargetSession>;
  openSession: OpenSession;
}

/** A target that others reach over the network. */
export interface ServerTarget extends SinkTarget {
  /** Ends every connection of the sinks of this target. */
  cutSinks(): Promise<void>;
}

/** A started sink; the caller disposes it. */
export async function startTargetSink(
  target: SinkTarget,
  change: Partial<SqlSinkOptions> = {},
): Promise<SinkTask> {
  const sink = createSqlSink(target.options(change));
  await sink.start(never);
  return sink;
}

function targetWith<T extends Pick<SinkTarget, 'dialect' | 'schema' | 'query' | 'hasTable'>>(
  own: T,
  url: string,
  dispose: () => Promise<void>,
): T & SinkTarget {
  const options: SinkTarget['options'] = (change) =>
    sinkOptions(
      { url },
      {
        tableNameFormat: '${source.table}',
        defaultSchema: own.schema,
        offsetsSchema: own.schema,
        ...change,
      },
    );
  const openSession: OpenSession = (signal) => targetOf(options()).open(signal);
  return {
    ...own,
    options,
    openSession,
    open: () => openSession(never),
    [Symbol.asyncDispose]: dispose,
  };
}

function tablesOf(schema: string, name: string): string {
  return `SELECT 1 AS one FROM information_schema.tables
    WHERE table_schema = '${schema}' AND table_name = '${name}'`;
}

/** A new database on the project's PostgreSQL. */
export async function postgresSinkTarget(): Promise<ServerTarget> {
  const database = await freshDatabase();
  // Those that wait go first: once the holder of their lock is gone they would go on, and commit.
  const cut = `SELECT pg_terminate_backend(pid) FROM (
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'tidemark sink%'
    ORDER BY (wait_event_type = 'Lock') IS TRUE DESC OFFSET 0) AS sinks`;
  return targetWith(
    {
      dialect: postgresTarget,
      schema: 'public',
      query: <R extends Row>(sql: string) => database.query<R>(sql),
      hasTable: async (name) => (await database.query(tablesOf('public', name))).length > 0,
      cutSinks: async () => void (await database.query(cut)),
    },
    database.url,
    async () => {
      await database[Symbol.asyncDispose]();
    },
  );
}

/** The address of a database as `connection.url`. */
export function mysqlUrl({ flavor, host, port, user, password, name }: MysqlDatabase): string {
  return `${flavor}://${user}:${encodeURIComponent(password)}@${host}:${port}/${name}`;
}

/** A new database on the project's MySQL or MariaDB, or on another. */
export async function mysqlSinkTarget(server?: MysqlAddress): Promise<ServerTarget> {
  const database = await createMysqlDatabase(server ?? sharedMysql());
  const cutSinks = async (): Promise<void> => {
    const sessions = await database.query<{ id: number }>(
      `SELECT ID AS id FROM information_schema.PROCESSLIST
       WHERE DB = '${database.name}' AND ID <> CONNECTION_ID()
       ORDER BY COMMAND = 'Sleep'`,
    );
    for (const { id } of sessions) await database.query(`KILL ${id}`).catch(() => undefined);
  };
  return targetWith(
    {
      dialect: mysqlTarget,
      schema: database.name,
      query: <R extends Row>(sql: string) => database.query<R>(sql),
      hasTable: async (name) => (await database.query(tablesOf(database.name, name))).length > 0,
      cutSinks,
    },
    mysqlUrl(database),
    async () => {
      await database[Symbol.asyncDispose]();
    },
  );
}

/** A file of SQLite or DuckDB that a test asks beside its sinks. */
export interface FileTarget extends SinkTarget {
  readonly file: string;
}

/** A new SQLite file in a folder of its own. */
export async function sqliteSinkTarget(): Promise<FileTarget> {
  const folder = await temporaryFolder('sqlite');
  const file = path.join(folder.path, 'target.db');
  const query = async <R extends Row>(sql: string): Promise<R[]> => {
    using database = new DatabaseSync(file, { timeout: 5_000 });
    return database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }) as R);
  };
  const hasTable = async (name: string): Promise<boolean> =>
    (await query(`SELECT 1 FROM sqlite_schema WHERE name = '${name}'`)).length > 0;
  return targetWith(
    { dialect: sqliteTarget, schema: 'main', file, query, hasTable },
    `sqlite:${file}`,
    async () => {
      await folder[Symbol.asyncDispose]();
    },
  );
}

/**
 * A new DuckDB file in a folder of its own. Only this process can have it open: what a test asks
 * goes through the library's other connections to the same database.
 */
export async function duckdbSinkTarget(): Promise<FileTarget> {
  const folder = await temporaryFolder('duckdb');
  const file = path.join(folder.path, 'target.db');
  // Opened by the first question: a file that nobody asks of is left to the sinks.
  let asking: Promise<TargetSession> | null = null;
  const query = async <R extends Row>(sql: string): Promise<R[]> => {
    asking ??= openDuckdbSession(sinkOptions({ url: `duckdb:${file}` }), never);
    return (await (await asking).query(sql)).rows as unknown as R[];
  };
  return targetWith(
    {
      dialect: duckdbTarget,
      schema: 'main',
      file,
      query,
      hasTable: async (name) => (await query(tablesOf('main', name))).length > 0,
    },
    `duckdb:${file}`,
    async () => {
      await (await asking)?.close();
      await folder[Symbol.asyncDispose]();
    },
  );
}

/** Tests of a target, on the servers that may be one: MySQL 5.6 is refused. */
export function describeMysqlTargets(define: () => void): void {
  if (sharedMysql().series !== '5.6') {
    define();
    return;
  }
  test('a server that is too old is refused as a target', async () => {
    await using target = await mysqlSinkTarget();
    const sink = createSqlSink(target.options());
    await expect(sink.start(never)).rejects.toThrow(/too old \(5\.6/);
    await sink[Symbol.asyncDispose]();
  });
}

/** A contract of targets: its tests are defined for each of them. */
export function describeTarget<T extends SinkTarget = SinkTarget>(
  define: (fresh: () => Promise<T>) => void,
): (fresh: () => Promise<T>) => void {
  return define;
}
