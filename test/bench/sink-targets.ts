import mysql from 'mysql2/promise';
import pg from 'pg';
import type { EmbeddedPostgres } from '../../src/demo/embedded-postgres.ts';
import type { MysqlServer } from '../support/mysql-server.ts';

export type TargetFamily = 'postgres' | 'mariadb' | 'duckdb';

/** What a table holds; equal of two that hold the same rows, in servers of either family. */
export interface TableSum {
  readonly rows: number;
  readonly checksum: string;
}

/** A database that sinks write the benchmark's table into. */
interface AnyTarget extends AsyncDisposable {
  readonly family: TargetFamily;
  /** As our `connection.url` has it. */
  readonly url: string;
  sum(table: string): Promise<TableSum>;
  drop(table: string): Promise<void>;
  /** What a database does behind a load, done now. */
  settle(): Promise<void>;
  /** Seconds in which the server reads the table's rows from a file of its own into another. */
  bulkLoad(table: string): Promise<number>;
}

/** One that can be asked while a sink writes. */
export interface ServerTarget extends AnyTarget {
  readonly family: Exclude<TargetFamily, 'duckdb'>;
  readonly jdbcUrl: string;
  readonly user: string;
  readonly password: string;
  /** Whether the row is there, in a table that is. */
  has(table: string, id: number): Promise<boolean>;
  /** Its rows; 0 where there is no table yet. */
  count(table: string): Promise<number>;
}

/** A file that nobody else can open while a sink writes. */
export interface FileTarget extends AnyTarget {
  readonly family: 'duckdb';
}

export type SinkTarget = ServerTarget | FileTarget;

/**
 * One text of a row for all products. Numbers and times as they are the same everywhere: JSON is
 * laid out differently, so two of its members stand for it.
 */
const TEXTS: Readonly<Record<ServerTarget['family'], string>> = {
  postgres: `concat_ws('|', id::text, customer_id::text, amount::numeric(12,2)::text,
    round(weight::numeric * 100)::bigint::text, (paid::boolean)::int::text, sku, note,
    to_char(created_at, 'YYYY-MM-DD HH24:MI:SS.US'),
    to_char(updated_at::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'),
    to_char(due, 'YYYY-MM-DD'), lower(ref::text), meta::jsonb->>'n', meta::jsonb->>'s')`,
  mariadb: `concat_ws('|', id, customer_id, cast(amount AS decimal(12,2)),
    cast(round(weight * 100) AS signed), cast(paid AS unsigned), binary sku, binary note,
    date_format(created_at, '%Y-%m-%d %H:%i:%s.%f'), date_format(updated_at, '%Y-%m-%d %H:%i:%s'),
    date_format(due, '%Y-%m-%d'), binary lower(ref),
    binary json_value(meta, '$.n'), binary json_value(meta, '$.s'))`,
};

/** The rows of a table of PostgreSQL, for comparison with what a target got. */
export async function postgresSum(client: pg.Client, table: string): Promise<TableSum> {
  const { rows } = await client.query<{ n: string; sum: string }>(
    `SELECT count(*) AS n, sum(crc32(convert_to(${TEXTS.postgres}, 'UTF8'))) AS sum FROM ${table}`,
  );
  return { rows: Number(rows[0]?.n), checksum: String(rows[0]?.sum) };
}

export async function postgresTarget(
  server: EmbeddedPostgres,
  name: string,
): Promise<ServerTarget> {
  const admin = new pg.Client({ connectionString: server.url('postgres') });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.end();
  const client = new pg.Client({ connectionString: server.url(name) });
  await client.connect();
  return {
    family: 'postgres',
    url: server.url(name),
    jdbcUrl: `jdbc:postgresql://${server.host}:${server.port}/${name}?reWriteBatchedInserts=true`,
    user: server.user,
    password: server.password,
    async has(table, id) {
      return (await client.query(`SELECT FROM ${table} WHERE id = $1`, [id])).rowCount === 1;
    },
    async count(table) {
      const there = await client.query<{ there: boolean }>(
        `SELECT to_regclass('public.${table}') IS NOT NULL AS there`,
      );
      if (there.rows[0]?.there !== true) return 0;
      const { rows } = await client.query<{ n: string }>(`SELECT count(*) AS n FROM ${table}`);
      return Number(rows[0]?.n);
    },
    sum: (table) => postgresSum(client, table),
    async drop(table) {
      await client.query(`DROP TABLE IF EXISTS ${table}`);
    },
    async settle() {
      await client.query('CHECKPOINT');
    },
    async bulkLoad(table) {
      const found = await client.query<{ folder: string }>(
        `SELECT current_setting('data_directory') AS folder`,
      );
      const file = `${found.rows[0]?.folder}/${name}.copy`;
      await client.query(
        `DROP TABLE IF EXISTS loaded; CREATE TABLE loaded (LIKE ${table} INCLUDING ALL)`,
      );
      await client.query(`COPY ${table} TO '${file}'`);
      const startMs = performance.now();
      await client.query(`COPY loaded FROM '${file}'`);
      const seconds = (performance.now() - startMs) / 1000;
      await client.query('DROP TABLE loaded');
      return seconds;
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}

export async function mariadbTarget(server: MysqlServer, name: string): Promise<ServerTarget> {
  await server.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  const { host, port, user, password } = server;
  const client = await mysql.createConnection({ host, port, user, password, database: name });
  await client.query(`SET time_zone = '+00:00'`);
  const count = async (sql: string, values: unknown[] = []): Promise<mysql.RowDataPacket> => {
    const [rows] = await client.query<mysql.RowDataPacket[]>(sql, values);
    return rows[0] ?? ({} as mysql.RowDataPacket);
  };
  return {
    family: 'mariadb',
    url: `mariadb://${host}:${port}/${name}?sslMode=disable`,
    jdbcUrl: `jdbc:mariadb://${host}:${port}/${name}?useBulkStmts=true`,
    user,
    password,
    async has(table, id) {
      return (
        Number((await count(`SELECT count(*) AS n FROM ${table} WHERE id = ?`, [id]))['n']) > 0
      );
    },
    async count(table) {
      const there = await count(
        `SELECT count(*) AS n FROM information_schema.tables
         WHERE table_schema = ? AND table_name = ?`,
        [name, table],
      );
      if (Number(there['n']) === 0) return 0;
      return Number((await count(`SELECT count(*) AS n FROM ${table}`))['n']);
    },
    async sum(table) {
      const found = await count(
        `SELECT count(*) AS n, sum(crc32(${TEXTS.mariadb})) AS sum FROM ${table}`,
      );
      return { rows: Number(found['n']), checksum: String(found['sum']) };
    },
    async drop(table) {
      await client.query(`DROP TABLE IF EXISTS ${table}`);
    },
    async settle() {
      await client.query('FLUSH TABLES');
    },
    async bulkLoad(table) {
      const folder = (await count('SELECT @@secure_file_priv AS folder'))['folder'] as string;
      const file = `${folder.replace(/\/$/, '')}/${name}-${Date.now()}.txt`;
      await client.query(`CREATE OR REPLACE TABLE loaded LIKE ${table}`);
      await client.query(`SELECT * INTO OUTFILE '${file}' CHARACTER SET utf8mb4 FROM ${table}`);
      const startMs = performance.now();
      await client.query(`LOAD DATA INFILE '${file}' INTO TABLE loaded CHARACTER SET utf8mb4`);
      const seconds = (performance.now() - startMs) / 1000;
      await client.query('DROP TABLE loaded');
      return seconds;
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
      await server.query(`DROP DATABASE ${name}`);
    },
  };
}
