import type { Converter, PreparedSchema } from '../converter/converter.ts';
import { headerBytes } from '../converter/simple-header.ts';
import { must } from '../foundation/assert.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { ConnectData, ConnectHeader, ConnectRecord } from '../model/connect-record.ts';
import type { ConnectSchema, Struct } from '../model/connect-schema.ts';
import type { ErrorStage } from '../model/record-failure.ts';
import type { RecordOutput } from '../rowpath/record-output.ts';
import type { ApplyChain } from '../transform/transform-chain.ts';
import { TransformWaits } from '../transform/transform-waits.ts';
import type { TopicOptions, Transport } from '../transport/transport.ts';
import type { HeldTopics } from './held-topics.ts';
import type { SourceDeadLetters } from './source-dead-letters.ts';
import type { TopicRoutes } from './topic-routes.ts';

/** What records are written with after their transforms. */
export interface RecordWriterParts {
  readonly transport: Transport;
  readonly key: Converter;
  readonly value: Converter;
  readonly topicOptions: TopicOptions;
  /** The chain of transforms; null: the record is dropped. */
  readonly apply: ApplyChain;
  /** Holds records whose schema the registry refuses; absent: the refusal is thrown. */
  readonly held?: HeldTopics;
  /** Remembers which topics records come to; absent: nobody asks. */
  readonly routes?: TopicRoutes;
  /** Takes records that transforms and converters cannot work on; absent: their error is thrown. */
  readonly letters?: SourceDeadLetters;
}

/** A record that waits, and when it came. */
interface WaitingRecord {
  readonly record: ConnectRecord;
  /** As it was before the transforms. */
  readonly from: ConnectRecord;
  readonly nowMs: number;
  /** What the transforms of the record wait for; absent: they are done. */
  readonly waits?: TransformWaits;
}

interface EncodedRecord {
  readonly record: ConnectRecord;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [string, Buffer | null])[];
  /** The partition that a transform chose. */
  readonly chosen: number | null;
}

interface ReadyTopic {
  readonly handle: number;
  /** Null: no record for the topic has chosen one yet. */
  readonly partitions: number | null;
  readonly keys: WeakMap<ConnectSchema, PreparedSchema>;
  readonly values: WeakMap<ConnectSchema, PreparedSchema>;
}

/**
 * Transforms records and writes them. Which topics and schemas come out is not known beforehand:
 * a record whose topic or schema has to be made first waits, and every later one behind it, so that
 * the order stays. Invariant: while records wait, no offset is stored (`RecordPublisher.hold`).
 */
export class RecordWriter {
  readonly #parts: RecordWriterParts;
  readonly #topics = new Map<string, ReadyTopic>();
  #waiting: WaitingRecord[] = [];

  constructor(parts: RecordWriterParts) {
    this.#parts = parts;
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Forgets what a former life of the task left waiting. */
  clear(): void {
    this.#waiting = [];
  }

  /**
   * Returns the number of records: 1, or 0 when a transform dropped it. `nowMs` is the time of a
   * record that none of them gave a time; `shared` takes the headers that a tombstone behind it has
   * as well.
   */
  write(
    record: ConnectRecord,
    output: RecordOutput,
    nowMs: number,
    shared?: ConnectHeader[],
  ): number {
    let transformed: ConnectRecord | null;
    try {
      transformed = this.#parts.apply(record, shared);
    } catch (thrown) {
      if (!(thrown instanceof TransformWaits)) {
        shared?.splice(0);
        return this.#failed(record, 'TRANSFORMATION', thrown, output, nowMs);
      }
      this.#waiting.push({ record, from: record, nowMs, waits: thrown });
      return 1;
    }
    if (transformed === null) return 0;
    if (this.isWaiting || !this.#isReady(record.topic, transformed)) {
      this.#waiting.push({ record: transformed, from: record, nowMs });
      return 1;
    }
    return this.#encode(transformed, record, output, nowMs);
  }

  /** It becomes a dead letter, or its error is thrown. */
  #failed(
    record: ConnectRecord,
    stage: ErrorStage,
    thrown: unknown,
    output: RecordOutput,
    nowMs: number,
  ): 0 {
    const { letters } = this.#parts;
    if (letters === undefined) throw thrown;
    letters.record(record, stage, thrown, output, nowMs);
    return 0;
  }

  /** For records that come at any moment: makes what one like this needs, so that none waits. */
  async prepare(record: ConnectRecord): Promise<void> {
    let transformed: ConnectRecord | null;
    try {
      transformed = this.#parts.apply(record);
    } catch (thrown) {
      // Each of them will be a dead letter.
      if (this.#parts.letters?.takes(thrown) === true) return;
      throw thrown;
    }
    if (transformed !== null) await this.#prepare(record.topic, transformed);
  }

  /** The topic that the transforms give a record; null where they drop it or cannot say. */
  topicOf(record: ConnectRecord): string | null {
    try {
      return this.#parts.apply(record)?.topic ?? null;
    } catch {
      return null;
    }
  }

  /** Topics that records of these came to, and of no others: they begin anew with them. */
  topicsOf(topics: ReadonlySet<string>): readonly string[] {
    return this.#parts.routes?.onlyFrom(topics) ?? [];
  }

  /**
   * Makes topics and schemas, asks what transforms ask, and writes what waits; nothing else is
   * written meanwhile.
   */
  async drain(output: () => RecordOutput, signal: AbortSignal): Promise<void> {
    for (const { record: kept, from, nowMs, waits } of this.#waiting) {
      let stage: ErrorStage = 'TRANSFORMATION';
      try {
        const record = waits === undefined ? kept : await this.#answered(kept, waits, signal);
        if (record === null) continue;
        stage = 'VALUE_CONVERTER';
        await this.#prepare(from.topic, record);
        this.#encode(record, from, output(), nowMs);
      } catch (thrown) {
        this.#failed(from, stage, thrown, output(), nowMs);
      }
    }
    this.#waiting = [];
  }

  /** The record as the transforms leave it once they know what they asked for. */
  async #answered(
    record: ConnectRecord,
    first: TransformWaits,
    signal: AbortSignal,
  ): Promise<ConnectRecord | null> {
    for (let waits = first; ;) {
      await waits.ready(signal);
      try {
        return this.#parts.apply(record);
      } catch (thrown) {
        if (!(thrown instanceof TransformWaits)) throw thrown;
        waits = thrown;
      }
    }
  }

  #isReady(from: string, { topic, key, value, partition }: ConnectRecord): boolean {
    if (this.#parts.routes?.has(from, topic) === false) return false;
    if (this.#parts.held?.isHeld(topic) === true) return true;
    const ready = this.#topics.get(topic);
    if (ready === undefined) return false;
    if (partition !== undefined && ready.partitions === null) return false;
    return (
      (key.schema === null || ready.keys.has(key.schema)) &&
      (value.schema === null || ready.values.has(value.schema))
    );
  }

  async #prepare(from: string, record: ConnectRecord): Promise<void> {
    const { routes, held } = this.#parts;
    if (routes?.has(from, record.topic) === false) await routes.add(from, record.topic);
    if (held?.isHeld(record.topic) === true) return;
    try {
      await this.#prepareTopic(record);
    } catch (error) {
      if (held?.catches(error) !== true) throw error;
      await held.hold(record.topic, error);
    }
  }

  async #prepareTopic({ topic, key, value, partition }: ConnectRecord): Promise<void> {
    const { transport, topicOptions } = this.#parts;
    const known = this.#topics.get(topic);
    const ready = known ?? {
      handle: await transport.openTopic(topic, topicOptions),
      partitions: null,
      keys: new WeakMap(),
      values: new WeakMap(),
    };
    const partitions =
      partition === undefined || ready.partitions !== null
        ? ready.partitions
        : ((await transport.describeTopic(topic))?.partitions.length ?? 1);
    this.#topics.set(topic, { ...ready, partitions });
    if (key.schema !== null && !ready.keys.has(key.schema)) {
      ready.keys.set(key.schema, await this.#parts.key.prepare(topic, key.schema));
    }
    if (value.schema !== null && !ready.values.has(value.schema)) {
      ready.values.set(value.schema, await this.#parts.value.prepare(topic, value.schema));
    }
  }

  #encode(record: ConnectRecord, from: ConnectRecord, output: RecordOutput, nowMs: number): 0 | 1 {
    const { held } = this.#parts;
    if (held?.isHeld(record.topic) === true) {
      held.write(record, output, nowMs);
      return 1;
    }
    const ready = must(this.#topics.get(record.topic), 'a record before its topic was opened');
    let stage: ErrorStage = 'TRANSFORMATION';
    try {
      const chosen = record.partition === undefined ? null : partitionIn(ready, record);
      stage = 'KEY_CONVERTER';
      const key = bytesOf(record.key, this.#parts.key, ready.keys);
      stage = 'VALUE_CONVERTER';
      const value = bytesOf(record.value, this.#parts.value, ready.values);
      const headers = record.headers.map((header) => [header.name, headerBytes(header)] as const);
      this.#write({ record, key, value, headers, chosen }, ready.handle, output, nowMs);
      return 1;
    } catch (thrown) {
      return this.#failed(from, stage, thrown, output, nowMs);
    }
  }

  #write(
    { record, key, value, headers, chosen }: EncodedRecord,
    handle: number,
    output: RecordOutput,
    nowMs: number,
  ): void {
    output.start(handle, record.timestampMs ?? nowMs);
    if (chosen !== null) output.partition(chosen);
    if (key !== null) output.writer.raw(key);
    output.endKey(key !== null);
    if (value !== null) output.writer.raw(value);
    output.endValue(value !== null);
    for (const [name, bytes] of headers) output.header(name, bytes);
    output.end();
  }
}

const TEXT: ConnectSchema = { type: 'string', optional: true };

/** A header whose value is a text. */
export interface PlainHeader {
  readonly name: string;
  readonly value: string;
}

/** A record that is no change of a row, as transforms see it. */
export function plainRecord(
  topic: string,
  key: Struct,
  value: Struct,
  headers: readonly PlainHeader[] = [],
): ConnectRecord {
  return {
    topic,
    key: { schema: key.schema, value: key },
    value: { schema: value.schema, value },
    headers: headers.map(({ name, value: text }) => ({ name, schema: TEXT, value: text })),
    timestampMs: null,
  };
}

/** The partition that a transform chose. Throws TRANSFORM for one that the topic lacks. */
function partitionIn({ partitions }: ReadyTopic, { topic, partition = 0 }: ConnectRecord): number {
  if (Number.isInteger(partition) && partition >= 0 && partition < (partitions ?? 1)) {
    return partition;
  }
  const has = partitions === 1 ? 'one partition' : `${partitions} partitions`;
  throw new TidemarkError('TRANSFORM', `partition ${partition} was chosen, ${topic} has ${has}`, {
    cure: 'Set partitions (section transport) before the topic is made, or partition.topic.num.',
  });
}

function bytesOf(
  { schema, value }: ConnectData,
  converter: Converter,
  known: WeakMap<ConnectSchema, PreparedSchema>,
): Buffer | null {
  if (schema === null) return null;
  const prepared = must(known.get(schema), 'a record before its schema was prepared');
  if (value !== null) return converter.fromConnect(prepared, value);
  return converter.nullOf?.(prepared) ?? null;
}
