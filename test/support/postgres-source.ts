import { DEFAULT_VALUE_MODES } from '../../dialects/postgres/postgres-value-modes.ts';
import { fromSourceOffset } from '../../src/source/postgres/stream/replication-offset.ts';
import type { PostgresReaderParts } from '../../src/source/postgres/postgres-reader.ts';
import { PostgresReader } from '../../src/source/postgres/postgres-reader.ts';
import type {
  PostgresConnectionOptions,
  PostgresSourceOptions,
} from '../../src/source/postgres/postgres-source-options.ts';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../src/source/snapshot/snapshot-options.ts';
import type { TestDatabase } from './postgres.ts';
import { RecordingReceiver } from './recording-receiver.ts';
import { NO_LISTS } from './table-fixtures.ts';

type Address = Pick<TestDatabase, 'host' | 'port' | 'user' | 'password' | 'name'>;

export function connectionTo(database: Address): PostgresConnectionOptions {
  return {
    host: database.host,
    port: database.port,
    user: database.user,
    password: database.password,
    database: database.name,
    sslMode: 'disable',
    connectTimeoutMs: 10_000,
  };
}

/** Options of a source over everything in the database; the slot has the database's name. */
export function sourceOptionsFor(
  database: Address,
  overrides: Partial<PostgresSourceOptions> = {},
): PostgresSourceOptions {
  return {
    connection: connectionTo(database),
    topicPrefix: 'test',
    slotName: database.name,
    slotDropOnStop: false,
    slotFailover: false,
    slotMaxRetries: 20,
    slotRetryDelayMs: 100,
    slotStreamParams: [],
    publicationName: 'tidemark',
    publicationAutocreateMode: 'all_tables',
    publishViaPartitionRoot: false,
    ...NO_LISTS,
    skippedOperations: [],
    valueModes: DEFAULT_VALUE_MODES,
    snapshotMode: 'initial',
    snapshotMaxThreads: 1,
    snapshotLockTimeoutMs: 10_000,
    snapshots: DEFAULT_SNAPSHOT_OPTIONS,
    slotCreateTimeoutMs: 30_000,
    statusUpdateIntervalMs: 100,
    heartbeatIntervalMs: 0,
    heartbeatActionQuery: undefined,
    ...overrides,
  };
}

/** A reader that runs against a receiver; `stop` ends it as the runtime does. */
export interface RunningSource {
  readonly reader: PostgresReader;
  readonly receiver: RecordingReceiver;
  readonly notes: readonly string[];
  /** Resolves when `run` has ended, rejects with its error. */
  readonly ended: Promise<void>;
  /** Abort, flush, dispose. */
  stop(): Promise<void>;
}

/** Starts from what the receiver has stored. */
export function startSource(
  options: PostgresSourceOptions,
  receiver = new RecordingReceiver(),
  more: Partial<PostgresReaderParts> = {},
): RunningSource {
  const notes: string[] = [];
  const reader = new PostgresReader({ options, note: (text) => notes.push(text), ...more });
  receiver.attach(reader);
  const abort = new AbortController();
  const ended = reader.run(receiver, receiver.stored, abort.signal);
  ended.catch((error: unknown) => {
    receiver.fail(error);
  });
  return {
    reader,
    receiver,
    notes,
    ended,
    async stop() {
      abort.abort();
      await ended.catch(() => undefined);
      await reader[Symbol.asyncDispose]();
      receiver.crash();
    },
  };
}

/** Starts, and waits until the stream is open; fails when the source ends before. */
export async function startStreaming(
  options: PostgresSourceOptions,
  receiver = new RecordingReceiver(),
  more: Partial<PostgresReaderParts> = {},
): Promise<RunningSource> {
  const source = startSource(options, receiver, more);
  await Promise.race([
    source.ended.then(() => {
      throw new Error('the source ended');
    }),
    untilStreaming(source.reader),
  ]);
  return source;
}

/** Resolves when it streams, or has ended. */
export async function untilStreaming(reader: PostgresReader): Promise<void> {
  while (!['streaming', 'stopped'].includes(reader.status().phase)) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The position up to which the receiver has everything. */
export function storedEndLsn(receiver: RecordingReceiver): bigint {
  return receiver.stored === null ? 0n : fromSourceOffset(receiver.stored).endLsn;
}

/**
 * Lets `change` stream up to its row `count` and stops there. Durable is what came before that row;
 * afterwards the receiver makes things durable by itself again.
 */
export async function stopInside(
  source: RunningSource,
  count: number,
  change: () => Promise<unknown>,
): Promise<void> {
  const { receiver } = source;
  receiver.autoFlush = false;
  const reached = Promise.withResolvers<void>();
  receiver.onRow = (rows) => {
    if (rows !== count) return;
    receiver.flush();
    reached.resolve();
  };
  await change();
  await reached.promise;
  await source.stop();
  receiver.autoFlush = true;
  receiver.onRow = () => undefined;
}
