import { JsonConverter } from '../../src/converter/json-converter.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { noFaults } from '../../src/foundation/fault-points.ts';
import type { SchemaChangesConfig } from '../../src/config/schema-section.ts';
import { tableRecordSchemas } from '../../src/envelope/table-record-schemas.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import type { Lsn } from '../../src/model/lsn.ts';
import type { TableSchema } from '../../src/model/table-schema.ts';
import { GateRelease } from '../../src/runtime/gate-release.ts';
import { GateReplay } from '../../src/runtime/gate-replay.ts';
import type { TableHold } from '../../src/runtime/gate-states.ts';
import { HeldTopics } from '../../src/runtime/held-topics.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { PUBLISHER_LIMITS } from '../../src/runtime/record-publisher.ts';
import { RecordWriter } from '../../src/runtime/record-writer.ts';
import { RegistryOutage } from '../../src/runtime/registry-outage.ts';
import { SourceMessages } from '../../src/runtime/source-messages.ts';
import {
  type NotificationParts,
  SourceNotifications,
} from '../../src/runtime/source-notifications.ts';
import { SourcePositions } from '../../src/runtime/source-positions.ts';
import { SourceSignals } from '../../src/runtime/source-signals.ts';
import { SourceStatistics } from '../../src/runtime/source-statistics.ts';
import { SourceTask } from '../../src/runtime/source-task.ts';
import { SourceTransactions } from '../../src/runtime/source-transactions.ts';
import { TableEncoders } from '../../src/runtime/table-encoders.ts';
import { TableGates } from '../../src/runtime/table-gates.ts';
import { postgresPlaces } from '../../src/source/postgres/stream/postgres-places.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { OPTIONS } from '../rowpath/encoder-harness.ts';
import { LogReader, type LoggedTransaction } from './scripted-log.ts';
import { schemaOf } from './shape-fixtures.ts';

const INT: ConnectSchema = { type: 'string', optional: false };
const TEXT: ConnectSchema = { type: 'string', optional: true };

const SHAPES = [{ id: INT, a: TEXT }, { id: INT }, { id: INT, b: TEXT }];

/** A table in each of the shapes that it goes through; by default in three. */
export function shapesOf(
  table: string,
  all: readonly Readonly<Record<string, ConnectSchema>>[] = SHAPES,
): readonly TableSchema[] {
  return all.map((fields, version) => {
    const shape = schemaOf(fields);
    const columns = shape.columns.map((column) =>
      column.schema.type === 'int32' ? { ...column, format: { kind: 'integer' } as const } : column,
    );
    return { ...shape, columns, id: { ...shape.id, table }, version };
  });
}

/** Ends a life as a crash would: from some write on nothing is stored any more. */
export interface Crash {
  /** Writes that succeed before it. */
  left: number;
}

type StoredDocument = Parameters<Transport['documents']['write']>[0][number];

/** A table that waits for nobody any more, durably. */
export interface Answered {
  readonly table: string;
  readonly hold: TableHold;
}

/** What documents of gates say of answers. */
function* answersIn(documents: readonly StoredDocument[]): Iterable<Answered> {
  for (const { collection, key, value } of documents) {
    if (collection !== 'table-gates' || value === null) continue;
    const versions = JSON.parse(value) as readonly { readonly hold: TableHold | null }[];
    const hold = versions.at(-1)?.hold ?? null;
    if (hold?.answer !== undefined) yield { table: key.slice(key.indexOf('/') + 1), hold };
  }
}

/** A store of which each write may be the last. */
function failing(
  transport: Transport,
  crash: Crash,
  answered: (hold: Answered) => void = () => undefined,
): Transport {
  const guarded = <A extends readonly unknown[], R>(write: (...args: A) => Promise<R>) => {
    return (...args: A): Promise<R> =>
      crash.left-- > 0 ? write(...args) : Promise.reject(new Error('crash'));
  };
  const { documents } = transport;
  const store = {
    append: guarded(transport.append.bind(transport)),
    storeOffset: guarded(transport.storeOffset.bind(transport)),
    beginGeneration: guarded(transport.beginGeneration.bind(transport)),
    documents: {
      get: documents.get.bind(documents),
      entries: documents.entries.bind(documents),
      write: guarded(async (written: readonly StoredDocument[]) => {
        await documents.write(written);
        for (const one of answersIn(written)) answered(one);
      }),
    },
  };
  return new Proxy(transport, {
    get(target, name) {
      if (name in store) return store[name as keyof typeof store];
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
    },
  });
}

/** How a life reads. */
export interface LifeOptions {
  readonly config: SchemaChangesConfig;
  readonly crash?: Crash;
  readonly chunk: number;
  /** The server tells between transactions how far it is. */
  readonly keepalives?: boolean;
  readonly atEnd: (task: SourceTask) => void;
  readonly confirmed?: (at: Lsn) => unknown;
  readonly answered?: (hold: Answered) => void;
  /** Told of each reader before it begins; what it throws is what the reader does. */
  readonly begins?: (again: boolean) => void;
}

/** A source task over a log in memory, with gates and transaction metadata. */
export function logTask(
  stored: Transport,
  log: readonly LoggedTransaction[],
  tables: readonly TableSchema[],
  { config, crash = { left: Number.POSITIVE_INFINITY }, chunk, ...events }: LifeOptions,
): SourceTask {
  const transport = failing(stored, crash, events.answered);
  const clock = systemClock;
  const logger = silentLogger();
  const key = new JsonConverter();
  const value = new JsonConverter();
  const topicOptions = { partitions: 1 };
  const writing = { transport, key, value, topicOptions, clock };
  const held = new HeldTopics({ ...writing, logger });
  const writer = new RecordWriter({ ...writing, held, apply: (record) => record });
  const transactions = new SourceTransactions({ ...writing, topic: 'tx' });
  const gates = gatesOf(transport, config, writer);
  const converters = {
    key: { format: 'json', converter: key },
    value: { format: 'json', converter: value },
  } as const;
  const encoders = new TableEncoders(
    transport,
    OPTIONS,
    converters,
    topicOptions,
    clock,
    transactions,
    null,
    null,
    { topics: held, writer },
    null,
    gates.tables,
  );
  const task: SourceTask = new SourceTask({
    name: 'p',
    partition: { server: 'shop' },
    transport,
    openReader: (again) =>
      new LogReader(log, tables, chunk, {
        atEnd: () => {
          if (!again) events.atEnd(task);
        },
        confirmed: (at) => events.confirmed?.(at),
        begins: () => events.begins?.(again),
        keepalives: events.keepalives ?? false,
      }),
    encoders,
    gates,
    transactions,
    ...toldNobody(writing),
    held,
    positions: new SourcePositions(),
    outage: new RegistryOutage(clock, logger),
    heartbeat: null,
    messages: new SourceMessages({ ...writing, envelope: OPTIONS, binary: 'bytes' }),
    statistics: new SourceStatistics(),
    limits: { ...PUBLISHER_LIMITS, lingerMs: 0, idleOffsetIntervalMs: 0 },
    clock,
    logger,
    fault: noFaults,
    openReselectors: () => [],
    onDurable: () => undefined,
  });
  return task;
}

/** No signals come, and notifications go nowhere. */
function toldNobody(
  writing: Omit<NotificationParts, 'connectorName' | 'logs' | 'topic' | 'logger'>,
): { readonly notifications: SourceNotifications; readonly signals: SourceSignals } {
  const logger = silentLogger();
  const parts = { ...writing, connectorName: 'shop', logs: false, topic: null, logger };
  const notify = (): undefined => undefined;
  const { clock } = writing;
  const none = { topic: null, file: null, pollIntervalMs: 5000 };
  return {
    notifications: new SourceNotifications(parts),
    signals: new SourceSignals({ ...none, clock, logger, notify }),
  };
}

/** Gates over a store, and all that goes with them. */
function gatesOf(transport: Transport, config: SchemaChangesConfig, inner: RecordWriter) {
  const tables = new TableGates({
    pipeline: 'p',
    config,
    documents: transport.documents,
    transport,
    envelope: OPTIONS,
    judge: { judge: () => Promise.reject(new Error('nobody is asked')) },
    topicOf: (table) => tableRecordSchemas(table, OPTIONS).topic,
    inner,
    places: postgresPlaces,
    clock: systemClock,
    logger: silentLogger(),
    fault: noFaults,
  });
  const replay = new GateReplay(tables);
  return { tables, replay, release: new GateRelease(tables, replay) };
}

/** The values of a topic, oldest first. */
export async function valuesOf(transport: Transport, topic: string): Promise<readonly unknown[]> {
  if ((await transport.describeTopic(topic)) === null) return [];
  const { signal } = new AbortController();
  await using consumer = await transport.consumer({ group: 'x', topics: [topic], register: false });
  const values: unknown[] = [];
  for (;;) {
    const fetched = await consumer.poll({ maxBytes: 1_000_000, maxWaitMs: 0, signal });
    if (fetched.length === 0) return values;
    for (const { value } of fetched.flatMap(({ records }) => records)) {
      values.push((JSON.parse(String(value)) as { readonly payload: unknown }).payload);
    }
  }
}
