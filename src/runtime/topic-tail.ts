import { createConverter } from '../converter/create-converter.ts';
import { registrySettings } from '../config/registry-options.ts';
import type { ConverterSide } from '../config/registry-options.ts';
import type { Converter, SchemaRegistry } from '../converter/converter.ts';
import { ConfluentRegistry } from '../converter/registry/confluent-registry.ts';
import { EmbeddedRegistry } from '../converter/registry/embedded-registry.ts';
import type { Clock } from '../foundation/clock.ts';
import { TidemarkError } from '../foundation/errors.ts';
import { plainValue } from '../model/plain-value.ts';
import { type LogPlace, openForReading } from './open-transport.ts';
import type { LogRecord, TopicDescription, Transport } from '../transport/transport.ts';

/** Which records of a topic to read. */
export interface TailOptions {
  readonly place: LogPlace;
  readonly topic: string;
  readonly fromBeginning: boolean;
  /** Go on with records as they come; otherwise end at the end. */
  readonly follow: boolean;
  /** Undefined: no limit. Without `fromBeginning` and `follow`: the last so many records. */
  readonly limit: number | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** A record for people: decoded, JSON values only. */
export interface TailRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: unknown;
  readonly value: unknown;
  readonly headers: Readonly<Record<string, string | null>>;
}

const POLL_BYTES = 256 * 1024;
const POLL_WAIT_MS = 250;
const DEFAULT_LAST = 10;

/** The topics of a log. */
export async function listStoredTopics(
  place: LogPlace,
  clock: Clock,
): Promise<readonly TopicDescription[]> {
  await using transport = await openForReading(place, clock);
  return await transport.listTopics();
}

/** Decoded records of a topic, read beside a running daemon. Throws TOPIC_UNKNOWN, STORE_OPEN. */
export async function* tailTopic(options: TailOptions): AsyncGenerator<TailRecord> {
  const { place, topic, clock, signal } = options;
  await using transport = await openForReading(place, clock);
  const description = await transport.describeTopic(topic);
  if (description === null) throw await unknownTopic(transport, topic);
  const ends = new Map(description.partitions.map((part) => [part.partition, part.endOffset]));
  const decoder = new TailDecoder(place, new EmbeddedRegistry(transport.documents));
  await using consumer = await transport.consumer({
    group: `tail-${process.pid}`,
    topics: [topic],
    startAt: 'earliest',
    register: false,
  });
  for (const part of description.partitions) {
    const offset = startOffset(part, options);
    if (offset > part.startOffset) consumer.seek({ topic, partition: part.partition }, offset);
  }
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  while (!signal.aborted && left > 0) {
    if (!options.follow && atEnd(consumer.assignment(), ends)) return;
    const fetched = await consumer.poll({ maxBytes: POLL_BYTES, maxWaitMs: POLL_WAIT_MS, signal });
    for (const { partition, records } of fetched) {
      for (const record of records) {
        if (left-- <= 0) return;
        yield await decoder.decode(topic, partition, record);
      }
    }
  }
}

function startOffset(
  part: { readonly startOffset: number; readonly endOffset: number },
  options: TailOptions,
): number {
  if (options.fromBeginning) return part.startOffset;
  const last = options.follow ? 0 : (options.limit ?? DEFAULT_LAST);
  return Math.max(part.startOffset, part.endOffset - last);
}

/** True when everything that was there at the start has been read; a tail shall end under load. */
function atEnd(
  assignment: readonly { readonly partition: number; readonly position: number }[],
  ends: ReadonlyMap<number, number>,
): boolean {
  return assignment.every(({ partition, position }) => position >= (ends.get(partition) ?? 0));
}

async function unknownTopic(transport: Transport, topic: string): Promise<TidemarkError> {
  const names = (await transport.listTopics()).map(({ name }) => name);
  const list =
    names.length === 0 ? 'The store has no topics yet.' : `There are: ${names.join(', ')}`;
  return new TidemarkError('TOPIC_UNKNOWN', `there is no topic ${topic}`, { cure: list });
}

/** Finds out by the first byte what each record is: one with a schema id, JSON, or text. */
class TailDecoder {
  readonly #key: Converter;
  readonly #value: Converter;

  constructor(place: LogPlace, builtIn: SchemaRegistry) {
    this.#key = registered(place, 'key', builtIn);
    this.#value = registered(place, 'value', builtIn);
  }

  async decode(topic: string, partition: number, record: LogRecord): Promise<TailRecord> {
    return {
      topic,
      partition,
      offset: record.offset,
      timestampMs: record.timestampMs,
      key: await this.#decode(topic, record.key, this.#key),
      value: await this.#decode(topic, record.value, this.#value),
      headers: Object.fromEntries(
        record.headers.map(({ name, value }) => [name, value?.toString('utf8') ?? null]),
      ),
    };
  }

  async #decode(topic: string, bytes: Buffer | null, converter: Converter): Promise<unknown> {
    if (bytes === null) return null;
    if (bytes[0] === 0) return plainValue(await converter.toConnect(topic, bytes));
    const text = bytes.toString('utf8');
    try {
      return withoutSchema(JSON.parse(text));
    } catch {
      return text;
    }
  }
}

/** Reads records that begin with an id: Avro, unless the pipeline says JSON Schema. */
function registered(place: LogPlace, side: ConverterSide, builtIn: SchemaRegistry): Converter {
  const options = 'config' in place ? place.config.source.options : null;
  const settings = options === null ? null : registrySettings(options, side);
  const registry = settings === null ? builtIn : new ConfluentRegistry(settings);
  const isJson = options?.string(`${side}.converter`) === 'jsonschema';
  return createConverter({ name: isJson ? 'jsonschema' : 'avro', isKey: side === 'key', registry });
}

/** `{"schema":…,"payload":…}` shows its payload. */
function withoutSchema(document: unknown): unknown {
  const isEnveloped =
    typeof document === 'object' &&
    document !== null &&
    'schema' in document &&
    'payload' in document;
  return isEnveloped ? document.payload : document;
}
