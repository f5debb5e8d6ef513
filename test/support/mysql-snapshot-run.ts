import { randomBytes } from 'node:crypto';
import { DEFAULT_MYSQL_VALUE_MODES } from '../../dialects/mysql/mysql-value-modes.ts';
import type { TableCatalog } from '../../dialects/mysql/ddl/table-catalog.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import type {
  ChangeReceiver,
  RowChange,
  SchemaChange,
  SchemaStatement,
  SourceOffset,
} from '../../src/model/change-event.ts';
import type { SourceNotification } from '../../src/model/source-notification.ts';
import type { TableSchema } from '../../src/model/table-schema.ts';
import type { MysqlSourceOptions } from '../../src/source/mysql/mysql-source-options.ts';
import { SchemaMemories } from '../../src/source/mysql/history/schema-memory.ts';
import { MysqlFirstSnapshot } from '../../src/source/mysql/snapshot/mysql-first-snapshot.ts';
import type { BinlogOffset } from '../../src/source/mysql/stream/binlog-offset.ts';
import { MysqlSession } from '../../src/source/mysql/wire/mysql-session.ts';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../src/source/snapshot/snapshot-options.ts';
import type { MysqlAddress, MysqlDatabase } from './mysql-database.ts';
import { connectionTo } from './mysql-source.ts';

/** Options of a source that captures one database, but for what is given. */
export function mysqlSourceOptions(
  database: MysqlAddress & { readonly name: string },
  change: Partial<MysqlSourceOptions> = {},
): MysqlSourceOptions {
  return {
    family: database.flavor,
    connection: connectionTo(database),
    alternatives: [],
    topicPrefix: 'p',
    serverId: undefined,
    databaseInclude: [new RegExp(`^${database.name}$`)],
    databaseExclude: [],
    tableInclude: [],
    tableExclude: [],
    columnInclude: [],
    columnExclude: [],
    messageKeys: [],
    masks: [],
    propagateSourceType: [],
    propagateDatatype: [],
    valueModes: DEFAULT_MYSQL_VALUE_MODES,
    skippedOperations: [],
    includeQuery: false,
    gtidSources: { includes: [], excludes: [], filtersRows: true, ignored: false },
    history: {
      topic: 'history',
      capturedTablesOnly: true,
      capturedDatabasesOnly: false,
      ddlFilter: [],
      recoversLost: false,
      includeComments: false,
    },
    tableLimit: undefined,
    snapshotMode: 'initial',
    lockingMode: 'minimal',
    snapshotMaxThreads: 2,
    snapshotLockTimeoutMs: 10_000,
    snapshots: DEFAULT_SNAPSHOT_OPTIONS,
    keepAliveIntervalMs: 60_000,
    netWriteTimeoutSeconds: 0,
    heartbeatIntervalMs: 0,
    heartbeatActionQuery: undefined,
    ...change,
  };
}

/** A row as it was told: `t 1|two`, with its marker. */
export interface ToldRow {
  readonly table: string;
  readonly values: readonly (string | null)[];
  readonly marker: string;
  readonly place: string;
}

/** Keeps what a snapshot hands over, as text. */
export class SnapshotRecorder implements ChangeReceiver {
  readonly rows: ToldRow[] = [];
  readonly schemas: TableSchema[] = [];
  readonly statements: SchemaStatement[] = [];
  readonly offsets: SourceOffset[] = [];
  /** Attempts that were begun. */
  started = 0;
  released = 0;
  /** What `settle` waits for. */
  gate: (() => Promise<void> | undefined) | undefined;
  onRow: (count: number) => void = () => undefined;

  async snapshotStarted(_tables: readonly TableSchema[], offset: SourceOffset): Promise<void> {
    this.started++;
    this.rows.length = 0;
    this.statements.length = 0;
    this.schemas.length = 0;
    this.offsets.push(offset);
    await Promise.resolve();
  }

  async snapshotCompleted(offset: SourceOffset): Promise<void> {
    this.offsets.push(offset);
    await Promise.resolve();
  }

  snapshotReleased(): void {
    this.released++;
  }

  schemaChanged({ table }: SchemaChange): undefined {
    this.schemas.push(table);
  }

  statement(statement: SchemaStatement): undefined {
    this.statements.push(statement);
  }

  row({ table, after, snapshot, ...origin }: RowChange): void {
    const values = table.columns.map(({ tupleIndex, format }) => {
      const encoding = format.kind.startsWith('raw-') ? 'latin1' : 'utf8';
      return after?.text(tupleIndex, encoding) ?? null;
    });
    const place = origin.family === 'binlog' ? `${origin.file}:${origin.pos}` : '';
    this.rows.push({ table: table.id.table, values, marker: snapshot, place });
    this.onRow(this.rows.length);
  }

  truncate(): void {
    throw new Error('a snapshot truncates nothing');
  }

  message(): undefined {
    throw new Error('a snapshot has no messages');
  }

  committed(): void {
    throw new Error('a snapshot commits nothing');
  }

  settle(): Promise<void> | undefined {
    return this.gate?.();
  }

  /** `1|two` of a table, in the order in which they came. */
  of(table: string): string[] {
    return this.rows
      .filter((row) => row.table === table)
      .map(({ values }) => values.map((value) => value ?? 'NULL').join('|'));
  }
}

/** A first snapshot that is under way. */
export interface MysqlSnapshotRun {
  readonly recorder: SnapshotRecorder;
  readonly snapshot: MysqlFirstSnapshot;
  readonly notes: string[];
  readonly notifications: SourceNotification[];
  readonly abort: AbortController;
  readonly result: Promise<{
    readonly resume: BinlogOffset;
    readonly catalog: TableCatalog;
    readonly complete: boolean;
  }>;
}

/** Begins a first snapshot outside of the reader. */
export function startMysqlSnapshot(
  options: MysqlSourceOptions,
  recorder = new SnapshotRecorder(),
  beforeConnect = async (): Promise<unknown> => undefined,
): MysqlSnapshotRun {
  const notes: string[] = [];
  const notifications: SourceNotification[] = [];
  const abort = new AbortController();
  const snapshot = new MysqlFirstSnapshot({
    memories: new SchemaMemories(null),
    options,
    clock: systemClock,
    connect: async (signal) => {
      await beforeConnect();
      return MysqlSession.connect(options.connection, signal);
    },
    note: (text) => notes.push(text),
    warn: (text) => notes.push(text),
    notify: (notification) => notifications.push(notification),
  });
  const result = snapshot.run(recorder, null, abort.signal);
  result.catch(() => undefined);
  return { recorder, snapshot, notes, notifications, abort, result };
}

/** An account with these privileges, on the server of a database; it goes with it. */
export async function mysqlAccount(
  database: MysqlDatabase,
  grants: string,
): Promise<MysqlAddress & { readonly name: string } & AsyncDisposable> {
  const user = `u_${randomBytes(4).toString('hex')}`;
  const password = randomBytes(8).toString('hex');
  await database.query(`CREATE USER ${user}@'%' IDENTIFIED BY '${password}'`);
  await database.query(`GRANT ${grants} TO ${user}@'%'`);
  const { flavor, series, version, host, port, name } = database;
  return {
    flavor,
    series,
    version,
    host,
    port,
    name,
    user,
    password,
    async [Symbol.asyncDispose]() {
      await database.query(`DROP USER ${user}@'%'`);
    },
  };
}
