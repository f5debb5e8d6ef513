import { JsonConverter } from '../../src/converter/json-converter.ts';
import type { FaultPoint } from '../../src/foundation/fault-points.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { PUBLISHER_LIMITS } from '../../src/runtime/record-publisher.ts';
import { SourceHeartbeat } from '../../src/runtime/source-heartbeat.ts';
import { SourceMessages } from '../../src/runtime/source-messages.ts';
import {
  type NotificationParts,
  SourceNotifications,
} from '../../src/runtime/source-notifications.ts';
import { SourceSchemaChanges } from '../../src/runtime/source-schema-changes.ts';
import { SourceSchemaHistory } from '../../src/runtime/source-schema-history.ts';
import { SourceStatements } from '../../src/runtime/source-statements.ts';
import { SourceSignals } from '../../src/runtime/source-signals.ts';
import { SourceStatistics } from '../../src/runtime/source-statistics.ts';
import { HeldTopics } from '../../src/runtime/held-topics.ts';
import { RegistryOutage } from '../../src/runtime/registry-outage.ts';
import { SourcePositions } from '../../src/runtime/source-positions.ts';
import { SourceTask } from '../../src/runtime/source-task.ts';
import { TableEncoders } from '../../src/runtime/table-encoders.ts';
import type { TransactionBoundary } from '../../src/runtime/transaction-boundary.ts';
import {
  type EmbeddedTransport,
  openEmbeddedTransport,
} from '../../src/transport/embedded/embedded-transport.ts';
import type { LogRecord } from '../../src/transport/transport.ts';
import { BINLOG_OPTIONS, OPTIONS } from '../rowpath/encoder-harness.ts';
import { FakeClock } from './fake-clock.ts';
import { type ReaderScript, ScriptedReader } from './scripted-reader.ts';
import { temporaryFolder } from './temporary-folder.ts';

const BINLOG = { connector: 'mysql', envelope: BINLOG_OPTIONS } as const;

/** A source task over a real store and a reader that does what the test says. */
export interface SourceTaskBench extends AsyncDisposable {
  readonly task: SourceTask;
  readonly transport: EmbeddedTransport;
  readonly encoders: TableEncoders;
  readonly statistics: SourceStatistics;
  readonly notifications: SourceNotifications;
  readonly clock: FakeClock;
  /** Fault points, confirmations and counts of durable records, in their order. */
  readonly log: string[];
  readonly readers: ScriptedReader[];
  read(topic: string): Promise<readonly LogRecord[]>;
}

export async function sourceTaskBench(
  script: ReaderScript,
  heartbeatMs = 0,
  boundary: TransactionBoundary = { kind: 'poll' },
): Promise<SourceTaskBench> {
  const folder = await temporaryFolder('task');
  // The store's own timers are real: only the task lives in the test's time.
  const transport = await openEmbeddedTransport({ path: folder.path, maxBytes: 64 * 1024 * 1024 });
  const clock = new FakeClock();
  const log: string[] = [];
  const readers: ScriptedReader[] = [];
  const statistics = new SourceStatistics();
  const key = new JsonConverter();
  const value = new JsonConverter();
  const encoders = new TableEncoders(
    transport,
    OPTIONS,
    { key: { format: 'json', converter: key }, value: { format: 'json', converter: value } },
    { partitions: 1 },
    clock,
  );
  const writing = { transport, key, value, topicOptions: { partitions: 3 }, clock };
  const beats = { intervalMs: heartbeatMs, topicPrefix: 'shop' };
  const { notifications, signals } = told(writing);
  const task = new SourceTask({
    name: 'orders',
    partition: { server: 'shop' },
    transport,
    openReader: () => {
      const reader = new ScriptedReader(script, ({ offset }) =>
        log.push(`confirm ${String(offset['lsn'])}`),
      );
      readers.push(reader);
      return reader;
    },
    encoders,
    transactions: null,
    notifications,
    signals,
    held: new HeldTopics({ ...writing, logger: silentLogger() }),
    positions: new SourcePositions(),
    outage: new RegistryOutage(clock, silentLogger()),
    heartbeat: heartbeatMs === 0 ? null : new SourceHeartbeat({ ...beats, ...writing }),
    statements: statementsOf(writing),
    messages: new SourceMessages({ ...writing, envelope: OPTIONS, binary: 'bytes' }),
    statistics,
    limits: { ...PUBLISHER_LIMITS, boundary },
    clock,
    logger: silentLogger(),
    fault: (point: FaultPoint) => log.push(point),
    openReselectors: () => [],
    onDurable: (records) => log.push(`durable ${records}`),
  });
  return {
    task,
    transport,
    encoders,
    statistics,
    notifications,
    clock,
    log,
    readers,
    read: (topic) => readTopic(transport, topic),
    async [Symbol.asyncDispose]() {
      await transport[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Notifications go to the topic `notices`; signals come by no channel. */
function told(writing: Omit<NotificationParts, 'connectorName' | 'logs' | 'topic' | 'logger'>): {
  readonly notifications: SourceNotifications;
  readonly signals: SourceSignals;
} {
  const logger = silentLogger();
  const topic = 'notices';
  const parts = { ...writing, connectorName: 'shop', logs: false, topic, logger };
  const notifications = new SourceNotifications(parts);
  const signals = new SourceSignals({
    topic: null,
    file: null,
    pollIntervalMs: 5000,
    clock: writing.clock,
    logger,
    notify: (notification) => notifications.tell(notification),
  });
  return { notifications, signals };
}

async function readTopic(
  transport: EmbeddedTransport,
  topic: string,
): Promise<readonly LogRecord[]> {
  const { signal } = new AbortController();
  await using consumer = await transport.consumer({ group: 'x', topics: [topic], register: false });
  const records: LogRecord[] = [];
  for (;;) {
    const fetched = await consumer.poll({ maxBytes: 1_000_000, maxWaitMs: 0, signal });
    if (fetched.length === 0) return records;
    for (const batch of fetched) records.push(...batch.records);
  }
}

function statementsOf(
  writing: Omit<ConstructorParameters<typeof SourceSchemaChanges>[0], keyof typeof BINLOG>,
): SourceStatements {
  const kept = { name: 'orders', topic: 'history', topicPrefix: 'shop' };
  const history = new SourceSchemaHistory({ ...writing, ...kept });
  return new SourceStatements(history, new SourceSchemaChanges({ ...writing, ...BINLOG }));
}
