import { readFile } from 'node:fs/promises';
import { Kafka, logLevel } from 'kafkajs';
import { expect } from 'vitest';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import { must } from '../../src/foundation/assert.ts';
import type { ConnectValue, Struct } from '../../src/model/connect-schema.ts';
import type { SinkRecord } from '../../src/model/sink-record.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { membershipOf, transactionMark } from '../../src/runtime/transaction-membership.ts';
import { WholeTransactions } from '../../src/runtime/whole-transactions.ts';
import { changeOf } from '../../src/sink/record-change.ts';
import type { FetchedRecords, LogRecord, Transport } from '../../src/transport/transport.ts';
import { FakeClock } from './fake-clock.ts';
import { readTopic } from './kafka-topic-reader.ts';
import { randomFrom } from './ledger-load.ts';
import { MemoryDocuments } from './memory-documents.ts';
import { ScriptedConsumer } from './scripted-sink.ts';

/*
 * Topics of transfers between two tables, whose balances together never change, as Debezium wrote
 * them: with one topic of transaction metadata, and tables of several partitions.
 */

/** What the tables hold together, before and behind every transaction. */
export const TOTAL = 10_000;

/** Bytes of records as texts; schemas stand once. */
export interface RecordedTopics {
  readonly prefix: string;
  readonly schemas: readonly string[];
  /** By topic its partitions; of a record its key and its value. */
  readonly topics: Readonly<Record<string, readonly (readonly RecordedEntry[])[]>>;
  /** Rows of the source at the end: ids and balances of both tables. */
  readonly rows: Readonly<Record<string, readonly (readonly number[])[]>>;
}

type RecordedEntry = readonly [key: RecordedText | null, value: RecordedText | null];
/** Number of its schema, and the payload. */
type RecordedText = readonly [schema: number, payload: string];

const BETWEEN = ',"payload":';

/** Reads topics of a broker to their ends. */
export async function recordTopics(
  bootstrapServers: string,
  prefix: string,
  names: readonly string[],
  rows: RecordedTopics['rows'],
): Promise<RecordedTopics> {
  const schemas: string[] = [];
  const parted = (bytes: Buffer | null): RecordedText | null => {
    if (bytes === null) return null;
    const text = bytes.toString();
    const at = text.indexOf(BETWEEN);
    const schema = text.slice('{"schema":'.length, at);
    if (!schemas.includes(schema)) schemas.push(schema);
    return [schemas.indexOf(schema), text.slice(at + BETWEEN.length, -1)];
  };
  const kafka = new Kafka({ brokers: bootstrapServers.split(','), logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const topics: Record<string, RecordedEntry[][]> = {};
  try {
    for (const name of names) {
      const offsets = await admin.fetchTopicOffsets(name);
      const count = offsets.reduce((sum, { high }) => sum + Number(high), 0);
      const partitions = offsets.map((): RecordedEntry[] => []);
      const read = await readTopic(bootstrapServers, name, ({ length }) => length >= count);
      for (const { partition, key, value } of read) {
        must(partitions[partition], 'partition').push([parted(key), parted(value)]);
      }
      topics[name] = partitions;
    }
  } finally {
    await admin.disconnect();
  }
  return { prefix, schemas, topics, rows };
}

export async function readRecording(name: string): Promise<RecordedTopics> {
  const file = new URL(`../golden/transactions/${name}.json`, import.meta.url);
  return JSON.parse(await readFile(file, 'utf8')) as RecordedTopics;
}

interface ReadPartition {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly LogRecord[];
  next: number;
}

function partitionsOf({ schemas, topics }: RecordedTopics): readonly ReadPartition[] {
  const bytes = (text: RecordedText | null): Buffer | null =>
    text === null ? null : Buffer.from(`{"schema":${schemas[text[0]]}${BETWEEN}${text[1]}}`);
  return Object.entries(topics).flatMap(([topic, partitions]) =>
    partitions.map((entries, partition) => ({
      topic,
      partition,
      next: 0,
      records: entries.map(([key, value], offset): LogRecord => ({
        offset,
        sequence: offset,
        timestampMs: 0,
        key: bytes(key),
        value: bytes(value),
        headers: [],
      })),
    })),
  );
}

/** What a reader of a target sees: balances by table and id. */
class Balances {
  readonly #tables = new Map<string, Map<number, number>>();

  apply(record: SinkRecord): void {
    const table = record.topic.split('.').at(-1) ?? '';
    const rows = this.#tables.get(table) ?? new Map<number, number>();
    this.#tables.set(table, rows);
    const change = changeOf(record);
    if (change.kind === 'write') rows.set(numberIn(change.after, 'id'), balanceOf(change.after));
    else if (change.kind === 'delete') rows.delete(numberIn(must(record.key, 'a key'), 'id'));
  }

  get sum(): number {
    return [...this.#tables.values()].flatMap((rows) => [...rows.values()]).reduce((a, b) => a + b);
  }

  rows(table: string): readonly (readonly number[])[] {
    return [...(this.#tables.get(table) ?? [])].toSorted(([a], [b]) => a - b);
  }
}

function valueIn({ schema, values }: Struct, name: string): ConnectValue {
  return values[schema.fields?.findIndex((field) => field.name === name) ?? -1] ?? null;
}

function numberIn(struct: Struct, name: string): number {
  return Number(valueIn(struct, name));
}

/** Of the table of moves nothing. */
function balanceOf(row: Struct): number {
  const balance = valueIn(row, 'balance');
  return typeof balance === 'number' ? balance : 0;
}

/** How a recording went through a reader of whole transactions. */
export interface Replay {
  /** Sums of the balances behind each of its steps, once all rows of the snapshot were there. */
  readonly sums: readonly number[];
  /** Transactions of which a step had only some events. */
  readonly halves: readonly string[];
  /** Records applied more or less than once. */
  readonly notOnce: number;
  readonly rows: RecordedTopics['rows'];
  readonly warnings: readonly string[];
  readonly transactions: number;
}

/** Reads partitions as they come: any of them next, a few records of it at a time. */
export async function replayed(recorded: RecordedTopics, seed: number): Promise<Replay> {
  const random = randomFrom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const partitions = partitionsOf(recorded);
  const warnings: string[] = [];
  const { whole, consumer } = readerOf(recorded, partitions, warnings);
  await whole.begin(consumer, new Map(partitions.map((at) => [keyOf(at), null])));
  const expected = eventsByTransaction(partitions);
  const snapshotRows = partitions.reduce((sum, { records }) => sum + rowsRead(records), 0);
  const balances = new Balances();
  const applied = new Map<string, number>();
  const [sums, halves]: [number[], string[]] = [[], []];
  let rowsLeft = snapshotRows;
  const take = (): void => {
    for (let next = whole.take(); next !== null; next = whole.take()) {
      const here = new Map<string, number>();
      for (const record of next.records) {
        const place = `${keyOf(record)}/${record.offset}`;
        applied.set(place, (applied.get(place) ?? 0) + 1);
        balances.apply(record);
        const id = membershipOf(record.value)?.transaction;
        if (id === undefined) rowsLeft -= record.value === null ? 0 : 1;
        else here.set(id, (here.get(id) ?? 0) + 1);
      }
      for (const [id, count] of here) if (count !== expected.get(id)) halves.push(id);
      if (rowsLeft === 0) sums.push(balances.sum);
      next.onApplied();
    }
  };
  for (let open = [...partitions]; open.length > 0;) {
    const at = must(open[below(open.length)], 'a partition');
    const records = at.records.slice(at.next, at.next + 1 + below(4));
    at.next += records.length;
    const batch: FetchedRecords = {
      topic: at.topic,
      partition: at.partition,
      generation: 1,
      records,
      nextOffset: at.next,
      endOffset: at.records.length,
    };
    await whole.read([batch], []);
    take();
    open = open.filter(({ next, records: all }) => next < all.length);
  }
  const data = partitions.filter(({ topic }) => topic !== `${recorded.prefix}.transaction`);
  const places = data.flatMap((at) => at.records.map(({ offset }) => `${keyOf(at)}/${offset}`));
  return {
    sums,
    halves,
    notOnce: places.filter((place) => applied.get(place) !== 1).length,
    rows: Object.fromEntries(
      Object.keys(recorded.rows).map((table) => [table, balances.rows(table)]),
    ),
    warnings,
    transactions: expected.size,
  };
}

/**
 * Fails unless every reader sees every transaction whole and once, whatever comes first. How often
 * readers looked.
 */
export async function expectWhole(
  recorded: RecordedTopics,
  seeds: readonly number[],
): Promise<number> {
  let looks = 0;
  for (const seed of seeds) {
    const { sums, transactions, ...rest } = await replayed(recorded, seed);
    expect(rest, `seed ${seed}`).toEqual({
      halves: [],
      notOnce: 0,
      rows: recorded.rows,
      warnings: [],
    });
    expect(transactions).toBeGreaterThan(8);
    looks += sums.length;
    expect(new Set(sums), `seed ${seed}`).toEqual(new Set([TOTAL]));
  }
  return looks;
}

function keyOf({ topic, partition }: { topic: string; partition: number }): string {
  return `${topic}/${partition}`;
}

const CONVERTER = new JsonConverter();

function readerOf(
  { prefix }: RecordedTopics,
  partitions: readonly ReadPartition[],
  warnings: string[],
) {
  const assigned = partitions.map(({ topic, partition }) => {
    return { topic, partition, generation: 1, position: 0 };
  });
  const transport = {
    documents: new MemoryDocuments(),
    describeTopic: (name: string) => {
      const own = partitions.filter(({ topic }) => topic === name);
      const described = own.map(({ partition, records }) => {
        return { partition, startOffset: 0, endOffset: records.length };
      });
      return Promise.resolve({ name, partitions: described });
    },
  } as unknown as Transport;
  const logger = silentLogger();
  logger.warn = (...call: readonly unknown[]) => {
    warnings.push(String(call.at(-1)));
  };
  const whole = new WholeTransactions({
    name: 'dwh',
    settings: {
      metadataTopic: `${prefix}.transaction`,
      topicOf: (collection) => `${prefix}.${collection}`,
      maxRows: 10_000,
      bufferBytes: 16_000_000,
      waitMs: 1000,
    },
    consumes: () => true,
    transport,
    converters: { key: CONVERTER, value: CONVERTER },
    transforms: null,
    plain: null,
    clock: new FakeClock(),
    logger,
  });
  return { whole, consumer: new ScriptedConsumer([], [], assigned) };
}

/** By the ENDs: what the program itself says of how much a transaction has. */
function eventsByTransaction(partitions: readonly ReadPartition[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { topic, records } of partitions) {
    for (const { value } of topic.endsWith('.transaction') ? records : []) {
      const mark = transactionMark(CONVERTER.toConnect(topic, value));
      if (mark?.status !== 'END') continue;
      counts.set(
        mark.transaction,
        mark.collections.reduce((sum, { events }) => sum + events, 0),
      );
    }
  }
  return counts;
}

/** Rows of the snapshot. */
function rowsRead(records: readonly LogRecord[]): number {
  return records.filter(({ value }) => {
    const read = value === null ? null : CONVERTER.toConnect('t', value);
    return read !== null && valueIn(read, 'op') === 'r';
  }).length;
}
