import { parsePipeline } from '../config/pipeline-file.ts';
import type { Clock } from '../foundation/clock.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { MysqlFindings } from '../source/mysql/capture/mysql-preflight-checks.ts';
import { checkMysqlSource } from '../source/mysql/capture/mysql-preflight.ts';
import { readServerTables } from '../source/mysql/capture/server-tables.ts';
import type { MysqlConnectionOptions } from '../source/mysql/mysql-connection-options.ts';
import { readServerFacts } from '../source/mysql/wire/mysql-server-facts.ts';
import { MysqlSession } from '../source/mysql/wire/mysql-session.ts';
import type { InspectedSchema, InspectedTable } from './inspect-postgres.ts';
import { mysqlSourceOptionsOf } from './mysql-source-options.ts';

/** What `init` writes down about a server of MySQL or MariaDB. */
export interface MysqlInspection {
  readonly kind: 'mysql' | 'mariadb';
  readonly connection: MysqlConnectionOptions;
  /** Of the URL; null: all of them. */
  readonly database: string | null;
  readonly versionText: string;
  /** What capture of these tables would lack, as `check` tells it. */
  readonly findings: MysqlFindings;
  readonly schemas: readonly InspectedSchema[];
}

const CONNECT_TIMEOUT_MS = 15_000;

/** Whether a URL is one for MySQL or MariaDB; which of them answers only the server tells. */
export function isMysqlUrl(text: string): boolean {
  return /^(?:jdbc:)?(?:mysql|mariadb):/.test(text);
}

/** `mysql://user:password@host:port/database`, also without a database. Throws USAGE. */
export function mysqlConnectionOfUrl(
  text: string,
): Pick<MysqlInspection, 'connection' | 'database'> {
  const plain = text.replace(/^jdbc:/, '');
  if (!URL.canParse(plain)) {
    throw new TidemarkError('USAGE', 'the URL must have the form mysql://user@host:port/database');
  }
  const url = new URL(plain);
  const database = decodeURIComponent(url.pathname.slice(1));
  return {
    connection: {
      host: url.hostname === '' ? 'localhost' : url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port === '' ? 3306 : Number(url.port),
      user: decodeURIComponent(url.username) || 'root',
      password: url.password === '' ? undefined : decodeURIComponent(url.password),
      sslMode: 'preferred',
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
    },
    database: database === '' ? null : database,
  };
}

/** Looks at a server with the privileges of any account. Throws MYSQL_* when it cannot. */
export async function inspectMysql(
  url: string,
  signal: AbortSignal,
  clock: Clock,
): Promise<MysqlInspection> {
  const { connection, database } = mysqlConnectionOfUrl(url);
  await using session = await MysqlSession.connect(connection, signal, clock);
  const facts = await readServerFacts(session, signal);
  const keyed = new Set(
    (await session.query(KEYED_TABLES, signal)).rows.map(([schema, name]) => `${schema}\0${name}`),
  );
  const schemas = new Map<string, InspectedTable[]>();
  for (const table of await readServerTables(session, signal)) {
    if (database !== null && table.database !== database) continue;
    const list = schemas.get(table.database) ?? [];
    const hasKey = keyed.has(`${table.database}\0${table.name}`);
    list.push({ name: table.name, estimatedRows: table.estimatedRows, hasKey });
    schemas.set(table.database, list);
  }
  const properties = propertiesOf(connection, facts.flavor, [...schemas.keys()]);
  return {
    kind: facts.flavor,
    connection,
    database,
    versionText: facts.versionText,
    findings: await findingsOf(properties, connection.password, signal, clock),
    schemas: [...schemas].map(([name, tables]) => ({ name, tables })),
  };
}

/** As for a unique key without NULL; constraints are hidden from those who may only SELECT. */
const KEYED_TABLES =
  'SELECT DISTINCT TABLE_SCHEMA, TABLE_NAME FROM information_schema.COLUMNS ' +
  `WHERE COLUMN_KEY = 'PRI'`;

function propertiesOf(
  { host, port, user, password }: MysqlConnectionOptions,
  family: 'mysql' | 'mariadb',
  databases: readonly string[],
): Readonly<Record<string, string>> {
  return {
    'connector.class': family,
    'database.hostname': host,
    'database.port': String(port),
    'database.user': user,
    'topic.prefix': 'init',
    ...(password === undefined ? {} : { 'database.password': '${env:PASSWORD}' }),
    ...(databases.length === 0
      ? {}
      : { 'database.include.list': databases.map((name) => RegExp.escape(name)).join(',') }),
  };
}

/** The checks see the properties that the file will have, with their defaults. */
async function findingsOf(
  source: Readonly<Record<string, string>>,
  password: string | undefined,
  signal: AbortSignal,
  clock: Clock,
): Promise<MysqlFindings> {
  const text = JSON.stringify({ name: 'init', source });
  const config = parsePipeline(text, 'init.yaml', { PASSWORD: password });
  const options = mysqlSourceOptionsOf(config.source);
  return await checkMysqlSource({ options, pipeline: 'init', stored: null }, signal, clock);
}
