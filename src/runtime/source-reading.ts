import path from 'node:path';
import type { PipelineConfig } from '../config/pipeline-config.ts';
import { postProcessorSettings } from '../config/post-processor-options.ts';
import { sourceFamily } from '../config/source-family.ts';
import type { Clock } from '../foundation/clock.ts';
import { TidemarkError, TidemarkErrors } from '../foundation/errors.ts';
import type { SourceReader } from '../model/change-event.ts';
import type { ShapeListener } from '../model/table-shape.ts';
import type { SourceNotification } from '../model/source-notification.ts';
import type { SchemaHistoryLog } from '../source/mysql/history/schema-history.ts';
import type { MysqlSourceOptions } from '../source/mysql/mysql-source-options.ts';
import { PostgresReader } from '../source/postgres/postgres-reader.ts';
import type {
  PostgresConnectionOptions,
  PostgresSourceOptions,
} from '../source/postgres/postgres-source-options.ts';
import { SlotSurrender } from '../source/postgres/snapshot/slot-gap.ts';
import { LargeTransactions } from '../source/postgres/stream/large-transactions.ts';
import { RowReselector } from '../source/postgres/stream/row-reselector.ts';
import { SideConnection } from '../source/postgres/wire/wire-side-connection.ts';
import type { SnapshotOptions } from '../source/snapshot/snapshot-options.ts';
import type { Transport } from '../transport/transport.ts';
import { loadedConversions, loadedSourceOptions } from './column-converters.ts';
import { KnownTableDocument } from './known-table-document.ts';
import { StoredTableDocument } from './stored-table-document.ts';
import { mysqlSourceOptionsOf } from './mysql-source-options.ts';
import type { BinaryMode } from './source-messages.ts';
import { SourceSchemaHistory } from './source-schema-history.ts';

/** What readers are given by the runtime around them. */
export interface ReadingContext {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly note: (text: string) => void;
  readonly warn: (text: string) => void;
  readonly notify: (notification: SourceNotification) => void;
  /** Absent: nobody is told of shapes. */
  readonly shapes?: ShapeListener;
}

/** How a source is read. */
export interface SourceReading {
  /**
   * A reader for each attempt; what one could not do, the next ones do not try. `again`: it reads
   * what was told before, follows the stream alone, and tells nobody else of it.
   */
  readonly openReader: (again: boolean) => SourceReader;
  /** Each has a connection of its own, made when a row first lacks a value. */
  readonly openReselectors: () => readonly RowReselector[];
  /** Null: the server holds nothing back for a reader. */
  readonly surrender: SlotSurrender | null;
  /** Null: the source tells no statements. */
  readonly history: SourceSchemaHistory | null;
}

/** A source with its options resolved, and the modules of the user loaded. */
export interface LoadedSource {
  readonly heartbeatIntervalMs: number;
  /** binary.handling.mode */
  readonly binary: BinaryMode;
  /** Where the catalog of TimescaleDB is. Throws CONFIG_UNSUPPORTED for other families. */
  postgresConnection(): PostgresConnectionOptions;
  reading(context: ReadingContext): SourceReading;
}

/** Two hundred modules that sources of other families do not pay for. */
async function loadBinlogModules() {
  const [{ MysqlReader }, { BinlogCounters }] = await Promise.all([
    import('../source/mysql/mysql-reader.ts'),
    import('../source/mysql/stream/binlog-counters.ts'),
  ]);
  return { MysqlReader, BinlogCounters };
}

type BinlogModules = Awaited<ReturnType<typeof loadBinlogModules>>;

/** Throws CONFIG_* where properties or modules of the user do not fit. */
export async function loadSource(config: PipelineConfig): Promise<LoadedSource> {
  const family = sourceFamily(config.source.connectorClass) ?? 'postgres';
  if (family === 'postgres') return postgresSource(config, await loadedSourceOptions(config));
  return binlogSource(config, await loadedBinlogOptions(config), await loadBinlogModules());
}

/** The options of a source of binlogs for a run; throws what is wrong with the modules. */
export async function loadedBinlogOptions(config: PipelineConfig): Promise<MysqlSourceOptions> {
  const { columnConversions, problems } = await loadedConversions(config);
  if (problems.length === 1 && problems[0] !== undefined) throw problems[0];
  if (problems.length > 1) throw new TidemarkErrors(problems);
  const options = mysqlSourceOptionsOf(config.source);
  return columnConversions === undefined ? options : { ...options, columnConversions };
}

function postgresSource(config: PipelineConfig, options: PostgresSourceOptions): LoadedSource {
  return {
    heartbeatIntervalMs: options.heartbeatIntervalMs,
    binary: options.valueModes.binary,
    postgresConnection: () => options.connection,
    reading: (context) => {
      const largeTransactions = new LargeTransactions((text) => context.warn(text));
      const surrender = options.healsGaps === true ? new SlotSurrender() : null;
      const { clock, note, warn } = context;
      const own = {
        options,
        clock,
        note,
        warn,
        spoolFolder: path.join(config.storePath, 'spool'),
        largeTransactions,
      };
      const parts = {
        ...own,
        ...context,
        knownTables: new KnownTableDocument(context.transport.documents, config.name),
        storedTables: new StoredTableDocument(context.transport.documents, config.name),
        ...(surrender === null ? {} : { surrender }),
      };
      return {
        openReader: (again) =>
          new PostgresReader(again ? { ...own, options: streamAlone(options) } : parts),
        openReselectors: () => openReselectors(config, options, context),
        surrender,
        history: null,
      };
    },
  };
}

/** Snapshots and signals were seen to by the life that told the stream first. */
function streamAlone<Options extends { readonly snapshots: SnapshotOptions }>(options: Options) {
  const snapshots: SnapshotOptions = {
    ...options.snapshots,
    signalTable: null,
    signalChannels: [],
    ddlRewrites: 'warn',
  };
  return { ...options, snapshots, snapshotMode: 'no_data' as const };
}

/** The catalog is that of an earlier place, and the topic has what came later. */
function withoutCheckpoints(history: SourceSchemaHistory): SchemaHistoryLog {
  return {
    checkpoint: () => history.checkpoint(),
    saveCheckpoint: () => Promise.resolve(false),
    memories: (epoch, from, signal) => history.memories(epoch, from, signal),
    told: (signal) => history.told(signal),
  };
}

function openReselectors(
  config: PipelineConfig,
  { connection, slotName }: PostgresSourceOptions,
  { clock, warn }: ReadingContext,
): readonly RowReselector[] {
  return postProcessorSettings(config.source.options).map((setting) => {
    const own = new SideConnection(connection, `tidemark reselect ${slotName}`, clock);
    return new RowReselector({ setting, connection: own, clock, warn });
  });
}

function binlogSource(
  config: PipelineConfig,
  options: MysqlSourceOptions,
  { MysqlReader, BinlogCounters }: BinlogModules,
): LoadedSource {
  if (postProcessorSettings(config.source.options).length > 0) {
    const what = 'post.processors read missing values of PostgreSQL alone';
    throw new TidemarkError('CONFIG_UNSUPPORTED', `source: ${what}`, {
      cure: 'Remove post.processors; binlog_row_image = FULL has all values in each row.',
    });
  }
  return {
    heartbeatIntervalMs: options.heartbeatIntervalMs,
    binary: options.valueModes.binary,
    postgresConnection: () => {
      throw new TidemarkError(
        'CONFIG_UNSUPPORTED',
        `transforms: the one for TimescaleDB needs a source of PostgreSQL`,
      );
    },
    reading: (context) => {
      const { name } = config;
      const { history: settings, topicPrefix } = options;
      const { transport, clock } = context;
      const { topic } = settings;
      const knownTables = new KnownTableDocument(transport.documents, name);
      const history = new SourceSchemaHistory({ transport, name, topic, topicPrefix, clock });
      const remembered = { replacements: { count: 0 }, lag: { sinceMs: null } };
      const counters = new BinlogCounters();
      const { note, warn } = context;
      const own = { options, name, history, counters, clock, note, warn, ...remembered };
      return {
        openReader: (again) =>
          new MysqlReader(
            again
              ? { ...own, options: streamAlone(options), history: withoutCheckpoints(history) }
              : { ...own, ...context, knownTables },
          ),
        openReselectors: () => [],
        surrender: null,
        history,
      };
    },
  };
}
