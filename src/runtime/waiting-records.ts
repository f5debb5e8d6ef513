import { JsonConverter } from '../converter/json-converter.ts';
import { must } from '../foundation/assert.ts';
import { TidemarkError } from '../foundation/errors.ts';
import { isJsonObject, parseLosslessJson } from '../foundation/lossless-json.ts';
import { schemaFromJson, valueFromJson } from '../model/connect-json.ts';
import type { ConnectHeader, ConnectRecord } from '../model/connect-record.ts';
import { type ConnectSchema, isStruct, type Struct } from '../model/connect-schema.ts';
import type { RecordOutput } from '../rowpath/record-output.ts';
import type { Consumer, RecordHeader, Transport } from '../transport/transport.ts';
import { sizeOf } from '../transport/log-record.ts';
import type { HeldRecord } from './held-records.ts';
import { HeldRecords } from './held-records.ts';
import { waitingTopic } from './held-topics.ts';

/** What stands in front of a record that waits, or alone: a change of its table. */
export interface ChangeMark {
  readonly kind: 'shape' | 'truncate' | 'value';
  readonly position: string | null;
  readonly sinceMs: number;
  /** Of `shape`: the table as it is from here on, as it is stored. */
  readonly schema?: unknown;
}

/** What waited: a record, a mark alone, or one with a mark in front of it. */
export interface WaitingRecord {
  readonly offset: number;
  readonly mark: ChangeMark | null;
  /** As it was before its transforms; null: it is the mark alone. */
  readonly record: ConnectRecord | null;
  /** When it came. */
  readonly atMs: number;
  /** About as many as `bytesOf` counts for it. */
  readonly bytes: number;
}

/** The oldest of those that wait; `isAll`: none stands behind them. */
export interface WaitingSlice {
  readonly records: readonly WaitingRecord[];
  readonly isAll: boolean;
}

/** Where the records of a table wait, and from where on. JSON values only. */
export type WaitingPlaces = Readonly<
  Record<string, readonly [from: number, bytes: number, topic: string]>
>;

interface Waiting {
  from: number;
  bytes: number;
  /** Records that were put there in this life. */
  added: number;
}

interface OpenTopic {
  readonly name: string;
  readonly handle: number;
  /** Nothing that counts stands before it. */
  floor: number;
  readonly records: HeldRecords;
}

const MARK_HEADER = '__tidemark.waiting.mark';
/** In front of the name of one that is a struct: its text alone would not tell that. */
const STRUCT_HEADER = '__tidemark.waiting.header.';
const TEXT = { type: 'string', optional: true } as const;
const NOTHING = { schema: null, value: null } as const;
const NOTHING_AT_ALL = { key: NOTHING, value: NOTHING, headers: [], timestampMs: null } as const;
/** Its group stores nothing. */
const GROUP = 'tidemark-waiting';
const POLL_BYTES = 2 * 1024 * 1024;
const POLL_WAIT_MS = 1_000;

/**
 * The records of tables that wait, in a topic of each, as they were before their transforms; the
 * source's offset says from where on they have not gone out.
 */
export class WaitingRecords {
  readonly #transport: Transport;
  readonly #json = new JsonConverter({ schemasEnable: true });
  readonly #topics = new Map<string, OpenTopic>();
  readonly #waiting = new Map<string, Waiting>();

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Takes up what the offset says. */
  async restore(places: WaitingPlaces): Promise<void> {
    this.#waiting.clear();
    this.#topics.clear();
    for (const [table, [from, bytes, topic]] of Object.entries(places)) {
      await this.open(table, topic);
      this.#waiting.set(table, { from, bytes, added: 0 });
    }
  }

  places(): WaitingPlaces {
    const entries = [...this.#waiting].map(
      ([table, { from, bytes }]) => [table, [from, bytes, this.topicOf(table)]] as const,
    );
    return Object.fromEntries(entries);
  }

  /** The topic that the records are for. */
  topicOf(table: string): string {
    return this.#topic(table).name;
  }

  /** Tables that wait. */
  get count(): number {
    return this.#waiting.size;
  }

  /** Bytes of the table of which most waits. */
  get largest(): number {
    let largest = 0;
    for (const { bytes } of this.#waiting.values()) largest = Math.max(largest, bytes);
    return largest;
  }

  has(table: string): boolean {
    return this.#waiting.has(table);
  }

  tables(): readonly string[] {
    return [...this.#waiting.keys()];
  }

  bytesOf(table: string): number {
    return this.#waiting.get(table)?.bytes ?? 0;
  }

  addedTo(table: string): number {
    return this.#waiting.get(table)?.added ?? 0;
  }

  /** Makes the topic, so that `begin` can come at any moment. */
  async open(table: string, topic: string): Promise<void> {
    if (this.#topics.get(table)?.name === topic) return;
    const name = waitingTopic(topic);
    const handle = await this.#transport.openTopic(name, { partitions: 1 });
    const description = await this.#transport.describeTopic(name);
    // What a crash left there is told again by the source.
    const floor = description?.partitions[0]?.endOffset ?? 0;
    this.#topics.set(table, { name: topic, handle, floor, records: new HeldRecords() });
  }

  isOpen(table: string): boolean {
    return this.#topics.has(table);
  }

  /** From here on records of the table wait. */
  begin(table: string): void {
    if (this.#waiting.has(table)) return;
    this.#waiting.set(table, { from: this.#topic(table).floor, bytes: 0, added: 0 });
  }

  /** What waits is of no use any more, and is left where it is: what waits next stands behind. */
  forget(table: string): void {
    this.#waiting.delete(table);
    this.#topics.delete(table);
  }

  /** All that waited has gone out. */
  end(table: string): void {
    const waiting = this.#waiting.get(table);
    const topic = this.#topics.get(table);
    if (waiting === undefined) return;
    if (topic !== undefined) topic.floor = Math.max(topic.floor, waiting.from);
    this.#waiting.delete(table);
  }

  /** Puts a record, or a mark alone, behind those that wait. */
  write(
    table: string,
    record: ConnectRecord | null,
    mark: ChangeMark | null,
    output: RecordOutput,
    nowMs: number,
  ): void {
    const waiting = must(this.#waiting.get(table), `${table} waits`);
    const { handle, records } = this.#topic(table);
    const before = output.writer.position;
    const { headers, ...rest } = record ?? { ...NOTHING_AT_ALL, topic: '' };
    const more = headers.filter(isStructHeader).map(({ name, schema, value }) => ({
      name: `${STRUCT_HEADER}${name}`,
      value: this.#json.fromConnect(this.#json.prepared(schema), value),
    }));
    if (mark !== null) more.push({ name: MARK_HEADER, value: Buffer.from(JSON.stringify(mark)) });
    const texts = headers.filter((header) => !isStructHeader(header));
    records.write({ ...rest, headers: texts }, handle, output, nowMs, more);
    waiting.added++;
    waiting.bytes += output.writer.position - before;
  }

  /** The record has gone out. With no await between: an offset has both, or none. */
  passed(table: string, { offset, bytes }: Pick<WaitingRecord, 'offset' | 'bytes'>): void {
    const waiting = this.#waiting.get(table);
    if (waiting === undefined) return;
    waiting.from = Math.max(waiting.from, offset + 1);
    waiting.bytes = Math.max(0, waiting.bytes - bytes);
  }

  /** What is durable of those that wait, oldest first, up to `maxBytes`. */
  async read(table: string, maxBytes: number, signal: AbortSignal): Promise<WaitingSlice> {
    const waiting = must(this.#waiting.get(table), `${table} waits`);
    const topic = this.#topic(table);
    const name = waitingTopic(topic.name);
    const end = (await this.#transport.describeTopic(name))?.partitions[0]?.endOffset ?? 0;
    if (waiting.from >= end) return { records: [], isAll: true };
    const found: WaitingRecord[] = [];
    await using consumer = await this.#transport.consumer({
      group: GROUP,
      topics: [name],
      startAt: 'earliest',
      register: false,
    });
    consumer.seek({ topic: name, partition: 0 }, waiting.from);
    let room = maxBytes;
    // Brokers give little by little, and a table that changes would never be done that way. A poll
    // may come back empty before the end, where only marks of transactions stand.
    const isAll = (): boolean => placeOf(consumer, waiting.from) >= end;
    while (room > 0 && !signal.aborted && !isAll()) {
      const options = { maxBytes: Math.min(POLL_BYTES, room), maxWaitMs: POLL_WAIT_MS, signal };
      for (const { records } of await consumer.poll(options)) {
        for (const record of records) {
          const { offset } = record;
          const bytes = sizeOf(record);
          room -= bytes;
          found.push({ ...waitingRecord(topic.name, topic.records.read(record)), offset, bytes });
        }
      }
    }
    return { records: found, isAll: isAll() };
  }

  #topic(table: string): OpenTopic {
    return must(this.#topics.get(table), `the topic where ${table} waits is open`);
  }
}

function placeOf(consumer: Consumer, from: number): number {
  return consumer.assignment()[0]?.position ?? from;
}

type StructHeader = ConnectHeader & { readonly schema: ConnectSchema; readonly value: Struct };

function isStructHeader(header: ConnectHeader): header is StructHeader {
  return header.schema !== null && header.value !== null && isStruct(header.value);
}

function waitingRecord(
  topic: string,
  held: HeldRecord,
): Pick<WaitingRecord, 'mark' | 'record' | 'atMs'> {
  const { key, value, headers, timestampMs } = held;
  const text = headers.find(({ name }) => name === MARK_HEADER)?.value ?? null;
  const mark = text === null ? null : (JSON.parse(text.toString()) as ChangeMark);
  const place = { mark, atMs: timestampMs };
  if (key.schema === null && value.schema === null) return { ...place, record: null };
  const structs = headers.filter(({ name }) => name.startsWith(STRUCT_HEADER)).map(structHeader);
  const texts = headers
    .filter(({ name }) => name !== MARK_HEADER && !name.startsWith(STRUCT_HEADER))
    .map((one) => ({ name: one.name, schema: TEXT, value: one.value?.toString() ?? null }));
  const record = { topic, key, value, headers: [...structs, ...texts], timestampMs: null };
  return { ...place, record };
}

function structHeader({ name, value }: RecordHeader): ConnectHeader {
  const document = parseLosslessJson(value?.toString() ?? 'null');
  if (!isJsonObject(document)) throw new TidemarkError('RECORD_FORMAT', 'not a header that waits');
  const schema = schemaFromJson(document['schema']);
  const given = valueFromJson(schema, document['payload'] ?? null);
  return { name: name.slice(STRUCT_HEADER.length), schema, value: given };
}
