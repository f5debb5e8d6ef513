import type { TableCatalog } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import type { Clock } from '../../../foundation/clock.ts';
import type { TidemarkError } from '../../../foundation/errors.ts';
import type { ChangeReceiver } from '../../../model/change-event.ts';
import type { ShapeListener } from '../../../model/table-shape.ts';
import { capturedShapeOf } from '../capture/captured-shape.ts';
import { readDefinition, readServerTables } from '../capture/server-tables.ts';
import { CatalogKeeper } from '../history/catalog-keeper.ts';
import type { SchemaHistoryLog } from '../history/schema-history.ts';
import type { SchemaMemories } from '../history/schema-memory.ts';
import type { MysqlConnectionOptions } from '../mysql-connection-options.ts';
import type { MysqlSourceOptions } from '../mysql-source-options.ts';
import { BinlogWire } from '../wire/binlog-wire.ts';
import type { MysqlServerFacts } from '../wire/mysql-server-facts.ts';
import { readBinlogStatus, readReplicas } from '../wire/mysql-server-facts.ts';
import type { MysqlQuerier } from '../wire/mysql-session.ts';
import { replicaIdentity } from '../wire/replica-identity.ts';
import type { BinlogOffset } from './binlog-offset.ts';
import { placeText } from './binlog-offset.ts';
import { BinlogPosition } from './binlog-position.ts';
import { BinlogStream } from './binlog-stream.ts';
import { BinlogTransactions } from './binlog-transactions.ts';
import type { LiveCatalog } from './catalog-rereads.ts';
import { CatalogRereads } from './catalog-rereads.ts';
import { dumpStart, skipsRowsOf } from './dump-start.ts';
import { HeldRows } from './held-rows.ts';
import { MysqlTableSchemas } from './mysql-table-schemas.ts';
import { StatementShapes } from './statement-shapes.ts';
import type { RewriteFollower } from './stream-statements.ts';
import type { StreamWatches } from './stream-watches.ts';
import type { BoundaryWork } from './watched-stream.ts';
import { WatchedStream } from './watched-stream.ts';

/** What a stream is opened with. */
export interface BinlogSessionParts {
  readonly options: MysqlSourceOptions;
  /** Of the pipeline: who we are to the server follows from it. */
  readonly name: string;
  readonly connection: MysqlConnectionOptions;
  readonly facts: MysqlServerFacts;
  readonly resume: BinlogOffset;
  readonly catalog: TableCatalog;
  readonly memories: SchemaMemories;
  readonly history: SchemaHistoryLog;
  readonly receiver: ChangeReceiver;
  /** Beside the stream. */
  readonly querier: MysqlQuerier;
  /** Who is told what becomes of the shapes of tables. */
  readonly listener?: ShapeListener | undefined;
  /** What reads tables beside the stream: made with what the stream stands on. */
  readonly beside?: (ground: StreamGround) => StreamCompanion;
  /** A transaction has come in whole; of its commit, µs since 1970. */
  readonly committed: (micros: bigint) => void;
  /** A statement is to be remembered. */
  readonly remembered?: () => void;
  readonly clock: Clock;
  readonly note: (text: string) => void;
  readonly warn: (text: string) => void;
}

/** What a stream stands on. */
export interface StreamGround {
  readonly position: BinlogPosition;
  readonly schemas: MysqlTableSchemas;
}

/** Sees what the stream sees, and hands rows over between its groups. */
export interface StreamCompanion extends StreamWatches, BoundaryWork {
  attach(stream: WatchedStream): void;
  readonly rewritten: RewriteFollower;
}

/** Rows of prepared transactions are kept until their outcome; the server has them on disk. */
const HELD_BYTES_MAX = 256 * 1024 * 1024;

/** The server says that it is there so many times before its silence counts. */
const HEARTBEATS = 4;

/** A stream from a position on, ready to run, with all that it keeps track with. */
export interface BinlogSession extends AsyncDisposable {
  readonly wire: BinlogWire;
  readonly stream: BinlogStream;
  readonly position: BinlogPosition;
  readonly schemas: MysqlTableSchemas;
  readonly keeper: CatalogKeeper;
  readonly rereads: CatalogRereads;
  /** Has the receiver settle soon, also while the server has nothing to send. */
  nudge(): void;
  /** Until the signal aborts, or the connection ends. */
  run(signal: AbortSignal): Promise<void>;
}

/** Connects, registers as a replica, and puts the stream together. */
export async function openBinlogSession(
  parts: BinlogSessionParts,
  signal: AbortSignal,
): Promise<BinlogSession> {
  const { options, facts, catalog, resume, clock } = parts;
  const schemas = new MysqlTableSchemas(catalog, capturedShapeOf(options), facts);
  const position = new BinlogPosition(resume);
  const keeper = keeperOf(parts, schemas);
  const beside = parts.beside?.({ position, schemas });
  const rereads = new CatalogRereads(liveCatalog(parts, schemas, signal), catalog);
  const { ddlFilter } = options.history;
  const shapes = await shapesOf(parts, schemas);
  const stream = new BinlogStream({
    receiver: parts.receiver,
    committed: parts.committed,
    position,
    transactions: new BinlogTransactions(position, facts),
    schemas,
    catalog,
    held: new HeldRows(HELD_BYTES_MAX),
    skippedOperations: new Set(options.skippedOperations),
    checksum: facts.binlog.checksum === 'CRC32' ? 'crc32' : 'none',
    includeQuery: options.includeQuery,
    includeComments: options.history.includeComments,
    memories: keeper,
    rereads,
    ...(shapes === null ? {} : { shapes }),
    ...(beside === undefined ? {} : { watches: beside, rewritten: beside.rewritten }),
    ...(ddlFilter.length === 0
      ? {}
      : { skipsStatement: (sql: string) => ddlFilter.some((filter) => filter.test(sql)) }),
    skipsRowsOf: skipsRowsOf(options.gtidSources),
    unreadable: refuse,
    warn: parts.warn,
  });
  const wire = await BinlogWire.connect(
    parts.connection,
    await dumpOf(parts, signal),
    signal,
    clock,
  );
  const target = beside === undefined ? stream : watched(stream, beside, resume);
  return {
    wire,
    stream,
    position,
    schemas,
    keeper,
    rereads,
    nudge() {
      if (!(target instanceof WatchedStream)) return;
      // What fails there fails the stream at its next event.
      target.nudge()?.catch(() => undefined);
    },
    async run(until) {
      const halt = (): void => stream.halt();
      until.addEventListener('abort', halt, { once: true });
      try {
        await wire.stream(target, until);
      } finally {
        until.removeEventListener('abort', halt);
      }
    },
    async [Symbol.asyncDispose]() {
      stream.halt();
      await wire[Symbol.asyncDispose]();
      await keeper.settled();
    },
  };
}

async function shapesOf(
  { options, catalog, listener, resume, facts }: BinlogSessionParts,
  schemas: MysqlTableSchemas,
): Promise<StatementShapes | null> {
  if (listener === undefined) return null;
  const { includeComments } = options.history;
  const shapes = new StatementShapes({ listener, schemas, includeComments });
  await shapes.began(catalog.tables(), placeText(resume.done), facts);
  return shapes;
}

function keeperOf(parts: BinlogSessionParts, schemas: MysqlTableSchemas): CatalogKeeper {
  const { options, catalog, memories, history: log, note } = parts;
  return new CatalogKeeper({
    catalog,
    memories,
    log,
    options: options.history,
    isCaptured: (database, table) => schemas.isCaptured(database, table),
    isDatabaseCaptured: (database) => isListed(database, options),
    note,
    ...(parts.remembered === undefined ? {} : { remembered: parts.remembered }),
  });
}

function watched(
  stream: BinlogStream,
  beside: StreamCompanion,
  { done: { file, pos } }: BinlogOffset,
): WatchedStream {
  const target = new WatchedStream(stream, beside, { file, pos });
  beside.attach(target);
  return target;
}

/** What the server is asked for: from where on, and as whom. */
export async function dumpOf(
  {
    options,
    name,
    facts,
    resume,
    querier,
  }: Pick<BinlogSessionParts, 'options' | 'name' | 'facts' | 'resume' | 'querier'>,
  signal: AbortSignal,
): Promise<Parameters<typeof BinlogWire.connect>[1]> {
  const replicas = await readReplicas(querier, facts, signal);
  return {
    start: dumpStart(resume, { sources: options.gtidSources, facts }),
    replica: replicaIdentity(name, options.serverId, { serverId: facts.serverId, replicas }),
    heartbeatMs: Math.max(250, Math.floor(options.keepAliveIntervalMs / HEARTBEATS)),
    netWriteTimeoutSeconds: options.netWriteTimeoutSeconds,
    // Debezium may have counted them.
    annotateRows: options.includeQuery || resume.sentBefore !== null,
  };
}

function liveCatalog(
  { facts, querier }: BinlogSessionParts,
  schemas: MysqlTableSchemas,
  signal: AbortSignal,
): LiveCatalog {
  return {
    names: async () => {
      const tables = await readServerTables(querier, signal);
      return tables.filter(({ database, name }) => schemas.isCaptured(database, name));
    },
    definition: (name) => readDefinition(querier, facts, name, signal),
    end: async () => {
      const status = await readBinlogStatus(querier, facts, signal);
      return { file: status?.file ?? '', pos: status?.position ?? 0 };
    },
  };
}

/** event.processing.failure.handling.mode has one value: nothing is lost in silence. */
function refuse(error: TidemarkError): never {
  throw error;
}

function isListed(
  database: string,
  { databaseInclude, databaseExclude }: MysqlSourceOptions,
): boolean {
  const isIncluded =
    databaseInclude.length === 0 || databaseInclude.some((pattern) => pattern.test(database));
  return isIncluded && !databaseExclude.some((pattern) => pattern.test(database));
}
