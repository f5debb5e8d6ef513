import type { Clock } from '../foundation/clock.ts';
import type { SourceSignal } from '../model/source-signal.ts';
import { parseSourceSignal } from '../model/source-signal.ts';
import { RecordBatch } from '../transport/record-batch.ts';
import type { Consumer, Transport } from '../transport/transport.ts';

/** A record of the topic: a signal, or why it is none; `next` is the position behind it. */
export interface TopicSignal {
  readonly signal: SourceSignal | null;
  /** Why it is ignored; null: it is for another source, which is nothing to tell of. */
  readonly reason: string | null;
  readonly next: number;
}

const POLL_BYTES = 1024 * 1024;

/**
 * The channel `kafka`: a topic of one partition in the log. Keys must be topic.prefix, as in the
 * original, so that sources may share a topic. Nothing of it is ever deleted: signals are few, and
 * whoever reads them keeps the position elsewhere.
 */
export class SignalTopic {
  readonly #transport: Transport;
  readonly #topic: string;
  readonly #key: string;
  readonly #clock: Clock;
  #consumer: Consumer | null = null;
  #handle = 0;

  constructor(transport: Transport, topic: string, topicPrefix: string, clock: Clock) {
    this.#transport = transport;
    this.#topic = topic;
    this.#key = topicPrefix;
    this.#clock = clock;
  }

  async prepare(): Promise<void> {
    if (this.#consumer !== null) return;
    this.#handle = await this.#transport.openTopic(this.#topic, { partitions: 1 });
    this.#consumer = await this.#transport.consumer({
      group: 'signals',
      topics: [this.#topic],
      register: false,
    });
  }

  /** What there is from a position on. */
  async read(position: number, signal: AbortSignal): Promise<readonly TopicSignal[]> {
    const consumer = this.#consumer;
    const description = await this.#transport.describeTopic(this.#topic);
    const partition = description?.partitions[0];
    if (consumer === null || partition === undefined) return [];
    if (partition.endOffset <= position) return [];
    consumer.seek({ topic: this.#topic, partition: 0 }, Math.max(position, partition.startOffset));
    const found = await consumer.poll({ maxBytes: POLL_BYTES, maxWaitMs: 0, signal });
    return found
      .filter((fetched) => fetched.partition === 0)
      .flatMap(({ records }) =>
        records.map(({ key, value, offset }) => ({
          ...this.#signalOf(key?.toString() ?? null, value?.toString() ?? ''),
          next: offset + 1,
        })),
      );
  }

  /** Puts a signal into the topic; it is durable when this resolves. */
  async send({ id, type, data }: SourceSignal): Promise<void> {
    await this.prepare();
    const batch = new RecordBatch();
    batch.start(this.#handle, this.#clock.nowMs());
    batch.writer.raw(Buffer.from(this.#key));
    batch.endKey(true);
    batch.writer.raw(Buffer.from(JSON.stringify({ id, type, data: parsed(data) })));
    batch.endValue(true);
    batch.end();
    await this.#transport.append(batch, null);
  }

  #signalOf(key: string | null, text: string): Pick<TopicSignal, 'signal' | 'reason'> {
    if (key !== this.#key) return { signal: null, reason: null };
    const signal = parseSourceSignal(text);
    return { signal, reason: signal === null ? 'it is no JSON object with a type' : null };
  }
}

/** The original has an object there; what is no JSON stays text, and is told when it is read. */
function parsed(data: string | null): unknown {
  if (data === null) return {};
  try {
    return JSON.parse(data) as unknown;
  } catch {
    return data;
  }
}
