import type { PipelineConfig } from '../config/pipeline-config.ts';
import { EmbeddedRegistry } from '../converter/registry/embedded-registry.ts';
import type { SinkRecord } from '../model/sink-record.ts';
import type { FetchedRecords, LogRecord, Transport } from '../transport/transport.ts';
import { convertersOf } from './converters.ts';
import type { LetterContext } from './dead-letter-headers.ts';
import { letterContext, originalHeaders } from './dead-letter-headers.ts';
import { pipelineTransforms } from './pipeline-transforms.ts';
import { decodeSinkRecords } from './sink-records.ts';
import { SinkTransforms } from './sink-transforms.ts';

const POLL_BYTES = 1024 * 1024;

/** A dead letter, as the record that it was. */
export interface ReadLetter {
  readonly context: LetterContext;
  /** With `failure` where it still cannot be read. Null: the transforms drop it by now. */
  readonly record: SinkRecord | null;
  readonly timestampMs: number;
}

/** Reads the dead letters of a sink, beside its daemon or without it. */
export class DeadLetterReader {
  readonly #transport: Transport;
  readonly #topic: string;
  readonly #sink: string;
  readonly #decode: (fetched: FetchedRecords) => Promise<SinkRecord[]>;

  private constructor(
    transport: Transport,
    topic: string,
    sink: string,
    decode: (fetched: FetchedRecords) => Promise<SinkRecord[]>,
  ) {
    this.#transport = transport;
    this.#topic = topic;
    this.#sink = sink;
    this.#decode = decode;
  }

  /** The caller disposes the transport. Throws CONFIG_INVALID where transforms cannot be loaded. */
  static async open(
    config: PipelineConfig,
    transport: Transport,
    topic: string,
    sink: string,
  ): Promise<DeadLetterReader> {
    const registry = new EmbeddedRegistry(transport.documents);
    const { key, value } = convertersOf(config.source.options, registry);
    const converters = { key: key.converter, value: value.converter };
    const unasked = { load: () => Promise.resolve(new Map<string, never>()) };
    const { sinks } = await pipelineTransforms(config, () => undefined, unasked);
    const apply = sinks.get(sink);
    const transforms = apply === undefined ? null : new SinkTransforms(apply);
    const kept = { failures: true, bytes: true };
    return new DeadLetterReader(transport, topic, sink, (fetched) =>
      decodeSinkRecords([fetched], converters, transforms, false, kept),
    );
  }

  /** All that are there now, a poll at a time, in their order; none where the topic is missing. */
  async *letters(signal: AbortSignal): AsyncGenerator<readonly ReadLetter[]> {
    const topic = this.#topic;
    const description = await this.#transport.describeTopic(topic);
    if (description === null) return;
    const ends = new Map(description.partitions.map((part) => [part.partition, part.endOffset]));
    await using consumer = await this.#transport.consumer({
      group: `tidemark-dlq-${process.pid}`,
      topics: [topic],
      startAt: 'earliest',
      register: false,
    });
    const isAtEnd = (): boolean =>
      consumer
        .assignment()
        .every(({ partition, position }) => position >= (ends.get(partition) ?? 0));
    while (!isAtEnd()) {
      const fetched = await consumer.poll({ maxBytes: POLL_BYTES, maxWaitMs: 250, signal });
      signal.throwIfAborted();
      for (const { records } of fetched) {
        if (records.length > 0) yield await this.#read(records);
      }
    }
  }

  async #read(records: readonly LogRecord[]): Promise<readonly ReadLetter[]> {
    const read: ReadLetter[] = [];
    for (const letter of records) {
      const context = letterContext(letter.headers);
      if (context === null || context.sink !== this.#sink) continue;
      const { topic, partition, offset, generation } = context;
      const original = { ...letter, offset, headers: originalHeaders(letter.headers) };
      const [record = null] = await this.#decode({
        topic,
        partition,
        generation,
        records: [original],
        nextOffset: offset + 1,
        endOffset: offset + 1,
      });
      read.push({ context, record, timestampMs: letter.timestampMs });
    }
    return read;
  }
}
