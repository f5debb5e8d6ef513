import type { PipelineConfig } from '../config/pipeline-config.ts';
import { EmbeddedRegistry } from '../converter/registry/embedded-registry.ts';
import type { SinkRecord } from '../model/sink-record.ts';
import { copyOf } from '../transport/log-record.ts';
import type { FetchedRecords, LogRecord, Transport } from '../transport/transport.ts';
import { convertersOf } from './converters.ts';
import type { LetterContext } from './dead-letter-headers.ts';
import { letterContext, originalHeaders } from './dead-letter-headers.ts';
import { scanLetters } from './dead-letter-scan.ts';
import { pipelineTransforms } from './pipeline-transforms.ts';
import { plainPartsOf } from './plain-parts.ts';
import { decodeSinkRecords } from './sink-records.ts';
import { sinkTransformsOf } from './sink-transforms.ts';

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
    const own = config.sinks.find(({ name }) => name === sink);
    const apply = sinks.get(sink) ?? null;
    const transforms = own === undefined ? null : sinkTransformsOf(own, apply);
    const plain = own === undefined ? null : plainPartsOf(own);
    const kept = { failures: true, bytes: true, plain };
    return new DeadLetterReader(transport, topic, sink, (fetched) =>
      decodeSinkRecords([fetched], converters, transforms, false, kept),
    );
  }

  /** All that are there now, a poll at a time, in their order; none where the topic is missing. */
  async *letters(signal: AbortSignal): AsyncGenerator<readonly ReadLetter[]> {
    for await (const records of scanLetters(this.#transport, this.#topic, signal)) {
      yield await this.#read(records);
    }
  }

  async #read(records: readonly LogRecord[]): Promise<readonly ReadLetter[]> {
    const read: ReadLetter[] = [];
    for (const letter of records) {
      const context = letterContext(letter.headers);
      if (context === null || context.sink !== this.#sink) continue;
      const { topic, partition, offset, generation } = context;
      const original = { ...copyOf(letter, originalHeaders(letter.headers)), offset };
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
