import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sourceProperties } from './binlog-ledger.ts';
import { freeLoopbackPort } from './daemon-pipeline.ts';
import type { MysqlAddress } from './mysql-database.ts';
import { createMysqlDatabase } from './mysql-database.ts';
import type { TestDatabase } from './postgres.ts';
import { temporaryFolder } from './temporary-folder.ts';
import type { Family } from './value-texts.ts';

type Properties = Readonly<Record<string, unknown>>;

/** A database of any family: what a test over several of them asks. */
export interface FamilyDatabase extends AsyncDisposable {
  readonly family: Family;
  readonly name: string;
  /** Not so a MariaDB before 11: -0 and 0 are one there. */
  readonly hasMinusZero: boolean;
  /** Values as text; in UTC. */
  rows(sql: string): Promise<readonly (readonly (string | null)[])[]>;
  /** One statement, or several. */
  run(sql: string): Promise<void>;
  /** The types of a table's columns, by their names. */
  types(table: string): Promise<ReadonlyMap<string, string>>;
  readonly source: Properties;
  readonly sink: Properties;
}

/** What a sink writes to. */
export interface FamilyTarget {
  readonly family: Family | 'sqlite' | 'duckdb' | 'search';
  readonly sink: Properties;
}

/** Disposed of with the database. */
export async function postgresFamily(database: TestDatabase): Promise<FamilyDatabase> {
  const client = await database.connect();
  await client.query("SET TIME ZONE 'UTC'");
  const { host, port, user, password, name } = database;
  const rows: FamilyDatabase['rows'] = async (sql) =>
    (await client.query<(string | null)[]>({ text: sql, rowMode: 'array' })).rows;
  return {
    family: 'postgres',
    name,
    hasMinusZero: true,
    rows,
    run: async (sql) => void (await client.query(sql)),
    types: async (table) => {
      const found = await rows(`SELECT attname::text, format_type(atttypid, atttypmod)
        FROM pg_attribute WHERE attrelid = '${table}'::regclass AND attnum > 0`);
      return new Map(found as readonly [string, string][]);
    },
    source: {
      'connector.class': 'postgres',
      'database.hostname': host,
      'database.port': port,
      'database.dbname': name,
      'database.user': user,
      'database.password': password,
      'slot.name': name,
    },
    sink: sinkProperties('postgresql', database),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

/** A new database on a server. */
export async function mysqlFamily(server: MysqlAddress): Promise<FamilyDatabase> {
  const database = await createMysqlDatabase(server);
  const client = await database.connect();
  await client.query("SET SESSION time_zone = '+00:00'");
  const rows: FamilyDatabase['rows'] = async (sql) =>
    (await client.query({ sql, rowsAsArray: true }))[0] as unknown as (string | null)[][];
  return {
    family: server.flavor,
    name: database.name,
    hasMinusZero: !server.series.startsWith('10.'),
    rows,
    run: async (sql) => void (await client.query(sql)),
    types: async (table) => {
      const found = await rows(`SELECT COLUMN_NAME, COLUMN_TYPE FROM information_schema.COLUMNS
        WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '${table}'`);
      return new Map(
        found.map(([name, type]) => [String(name), withoutWidth(String(type))] as const),
      );
    },
    source: sourceProperties(database),
    sink: sinkProperties(server.flavor, database),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

/** Newer servers do not show how wide a number is shown. */
function withoutWidth(type: string): string {
  const known = type === 'geomcollection' ? 'geometrycollection' : type;
  return known.replace(/^(?!tinyint\(1\)$)((?:tiny|small|medium|big)?int|year)\(\d+\)/, '$1');
}

function sinkProperties(
  scheme: string,
  {
    host,
    port,
    user,
    password,
    name,
  }: Pick<TestDatabase, 'host' | 'port' | 'user' | 'password' | 'name'>,
): Properties {
  return {
    'connector.class': 'jdbc',
    'connection.url': `jdbc:${scheme}://${host}:${port}/${name}`,
    'connection.user': user,
    'connection.password': password,
    'table.name.format': '${source.table}',
    'errors.retry.delay.initial.ms': 100,
    'errors.retry.delay.max.ms': 1000,
  };
}

/** A pipeline file with a sink for each target, called as its family. */
export interface FamilyPipeline extends AsyncDisposable {
  readonly file: string;
  readonly port: number;
}

/** Writes the file; its log lies beside it. */
export async function familyPipeline(
  source: FamilyDatabase,
  targets: readonly FamilyTarget[],
  more: Properties = {},
  transport: Properties = {},
): Promise<FamilyPipeline> {
  const folder = await temporaryFolder('families');
  const port = await freeLoopbackPort();
  const file = path.join(folder.path, 'pipeline.yaml');
  const pipeline = {
    // Who reads a binlog is known by its pipeline's name.
    name: `families-${path.basename(folder.path)}`,
    transport: { type: 'embedded', path: path.join(folder.path, 'store'), ...transport },
    source: {
      'topic.prefix': 'copy',
      'errors.retry.delay.initial.ms': 200,
      ...source.source,
      ...more,
    },
    sinks: targets.map(({ family, sink }) => ({ name: family, ...sink })),
    http: { listen: `127.0.0.1:${port}` },
  };
  // JSON is YAML.
  await writeFile(file, JSON.stringify(pipeline));
  return { file, port, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}
