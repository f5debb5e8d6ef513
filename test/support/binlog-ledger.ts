import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type mysql from 'mysql2/promise';
import { must } from '../../src/foundation/assert.ts';
import { compareFiles } from '../../src/source/mysql/stream/binlog-position.ts';
import {
  readBinlogStatus,
  readServerFacts,
} from '../../src/source/mysql/wire/mysql-server-facts.ts';
import { MysqlSession } from '../../src/source/mysql/wire/mysql-session.ts';
import type { Daemon } from './daemon.ts';
import { freeLoopbackPort } from './daemon-pipeline.ts';
import type { LedgerClient } from './ledger-load.ts';
import type { LedgerPipeline } from './ledger-pipeline.ts';
import type { MysqlAddress, MysqlDatabase } from './mysql-database.ts';
import { createMysqlDatabase } from './mysql-database.ts';
import { connectionTo } from './mysql-source.ts';
import type { Row } from './postgres.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A pipeline whose source is a binlog, over the ledger's tables or those of a test. */
export interface BinlogPipeline extends LedgerPipeline, AsyncDisposable {
  readonly source: MysqlDatabase;
  readonly warehouse: MysqlDatabase;
  /** Whether the server may be a target: 5.6 may not, and then there is no sink. */
  readonly hasSink: boolean;
  readonly file: string;
  /** Of its HTTP face. */
  readonly port: number;
  readonly folder: string;
  /** Writes the pipeline file anew. */
  configure(source: Readonly<Record<string, unknown>>): Promise<void>;
}

/** What of it may be chosen. */
export interface BinlogPipelineOptions {
  /** DDL and rows that are there before the daemon starts; the ledger's tables by default. */
  readonly schema?: string;
  /** More properties of the source, or others. */
  readonly source?: Readonly<Record<string, unknown>>;
  /** Without it the log is the end. */
  readonly sink?: boolean;
}

const SCHEMA = `
  CREATE TABLE account (id bigint PRIMARY KEY, version int NOT NULL, amount numeric(14,2),
    note text, big text);
  CREATE TABLE movement (op bigint PRIMARY KEY, kind varchar(10) NOT NULL,
    account_id bigint NOT NULL, moved_to bigint, version int NOT NULL)`;

/** A source and a warehouse on one server, and the pipeline file between them. */
export async function binlogPipeline(
  server: MysqlAddress,
  options: BinlogPipelineOptions = {},
): Promise<BinlogPipeline> {
  await using stack = new AsyncDisposableStack();
  const source = stack.use(await createMysqlDatabase(server));
  const warehouse = stack.use(await createMysqlDatabase(server));
  await source.query(options.schema ?? SCHEMA);
  const folder = stack.use(await temporaryFolder('binlog-e2e')).path;
  const file = path.join(folder, 'pipeline.yaml');
  const storePath = path.join(folder, 'store');
  const port = await freeLoopbackPort();
  const hasSink = (options.sink ?? true) && server.series !== '5.6';
  const configure = (changes: Readonly<Record<string, unknown>>): Promise<void> =>
    writeFile(
      file,
      // JSON is YAML.
      JSON.stringify({
        // Who reads a binlog is known by its pipeline's name: two of one name replace each other.
        name: source.name,
        transport: { type: 'embedded', path: storePath },
        source: { ...sourceProperties(source), ...options.source, ...changes },
        sinks: hasSink ? [sinkProperties(warehouse)] : [],
        http: { listen: `127.0.0.1:${port}` },
      }),
    );
  await configure({});
  const kept = stack.move();
  return {
    source,
    warehouse,
    hasSink,
    file,
    port,
    folder,
    storePath,
    configure,
    connect: async (name) => ledgerClient(await (name === 'source' ? source : warehouse).connect()),
    digest: (table) => `SELECT count(*) AS n, bit_xor(crc32(concat_ws('|', ${COLUMNS[table]}))) AS x
      FROM ${table}`,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

const COLUMNS: Readonly<Record<string, string>> = {
  account: 'id, version, amount, note, big',
  movement: 'op, kind, account_id, moved_to, version',
};

type SourceAddress = Omit<MysqlAddress, 'series' | 'version'> & { readonly name: string };

/** Those of the class of the server, for one database of it. */
export function sourceProperties({
  flavor,
  host,
  port,
  user,
  password,
  name,
}: SourceAddress): Readonly<Record<string, unknown>> {
  return {
    'connector.class': flavor,
    'database.hostname': host,
    'database.port': port,
    'database.user': user,
    'database.password': password,
    'database.ssl.mode': 'disabled',
    'database.include.list': name,
    'topic.prefix': 'copy',
    'errors.retry.delay.initial.ms': 200,
  };
}

function sinkProperties(database: MysqlDatabase): Readonly<Record<string, unknown>> {
  const { flavor, host, port, user, password, name } = database;
  return {
    name: 'warehouse',
    'connector.class': 'jdbc',
    'connection.url': `jdbc:${flavor}://${host}:${port}/${name}`,
    'connection.user': user,
    'connection.password': password,
    'table.name.format': '${source.table}',
  };
}

/** A connection as the ledger uses it. */
export function ledgerClient(connection: mysql.Connection): LedgerClient {
  return {
    async query<R extends Row>(sql: string, params: readonly unknown[] = []) {
      const values: unknown[] = [];
      const text = sql.replaceAll(/\$(\d)/g, (_, n) => {
        values.push(params[Number(n) - 1]);
        return '?';
      });
      const [answer] = await connection.query(text, values);
      return { rows: answer as unknown as readonly R[] };
    },
  };
}

/** Waits until the daemon has received all that the server has written by now. */
export async function untilReceived(server: MysqlAddress, daemon: Daemon): Promise<void> {
  const { signal } = new AbortController();
  await using session = await MysqlSession.connect(connectionTo(server), signal);
  const end = must(await readBinlogStatus(session, await readServerFacts(session)), 'no binlog');
  await daemon.until(({ source: { receivedLsn } }) => {
    const [, file = '', pos = 0] = /^(.*):(\d+)$/.exec(receivedLsn ?? '') ?? [];
    return compareFiles(file, Number(pos), end.file, end.position) >= 0;
  });
}

/** As `seedLedger`: accounts from 1 on, with the movements that made them. */
export async function seedBinlogLedger(source: MysqlDatabase, accounts: number): Promise<void> {
  const ids = Array.from({ length: accounts }, (_, i) => i + 1);
  for (let at = 0; at < accounts; at += 5000) {
    const some = ids.slice(at, at + 5000);
    const rows = some.map((id) => {
      const big = id % 50 === 0 ? `repeat('x', 4000)` : 'NULL';
      return `(${id}, 1, ${id * 1.25}, 'seed ${id}', ${big})`;
    });
    await source.query(`INSERT INTO account VALUES ${rows.join()}`);
    const movements = some.map((id) => `(${id}, 'insert', ${id}, NULL, 1)`);
    await source.query(`INSERT INTO movement VALUES ${movements.join()}`);
  }
}
