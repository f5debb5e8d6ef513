import type { Converter, PreparedSchema } from '../converter/converter.ts';
import { must } from '../foundation/assert.ts';
import { Backoff } from '../foundation/backoff.ts';
import type { Clock } from '../foundation/clock.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { SourceOffset } from '../model/change-event.ts';
import type { ConnectData, ConnectRecord } from '../model/connect-record.ts';
import type { ConnectSchema } from '../model/connect-schema.ts';
import { RegistryError } from '../model/registry-error.ts';
import type { RecordOutput } from '../rowpath/record-output.ts';
import type { Consumer, LogRecord, TopicOptions, Transport } from '../transport/transport.ts';
import type { HeldRecord } from './held-records.ts';
import { HeldRecords } from './held-records.ts';
import type { Logger } from './logger.ts';

/** What records are held with, and written with when they go out. */
export interface HeldTopicParts {
  readonly transport: Transport;
  readonly key: Converter;
  readonly value: Converter;
  readonly topicOptions: TopicOptions;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A topic whose records are held, as the status shows it. */
export interface HeldTopicView {
  readonly topic: string;
  readonly code: string;
  readonly message: string;
  readonly cure: string;
  /** The table for which the server keeps its log; absent: what is held waits with us. */
  readonly keepsLogFor?: string;
  /** What follows if nobody says anything, and when; absent: it waits for ever. */
  readonly deadline?: {
    readonly sinceMs: number;
    readonly atMs: number;
    readonly action: string;
  };
}

/** Where records that are held no longer go. */
export interface ReleaseTarget {
  /** Changes from flush to flush: ask for each record. */
  output(): RecordOutput;
  /** Waits when there is no room for more. */
  settle(): Promise<void> | undefined;
  /** What was written is durable, and with it the offset of now. */
  flush(): Promise<void>;
  /** Empties a topic, which nothing points into any more. */
  empty(topic: string): Promise<void>;
}

interface HeldTopic {
  /** The handle of the topic that holds. */
  readonly handle: number;
  /** The handle of the topic itself; null: nothing has gone out yet. */
  target: number | null;
  /** Of the first record there that has not gone out. */
  from: number;
  error: TidemarkError;
  /** Records that were put there in this life. */
  added: number;
  readonly records: HeldRecords;
  readonly prepared: WeakMap<ConnectSchema, PreparedSchema>;
}

const STATE = 'tidemark.held';
/** Its group stores nothing. */
const GROUP = 'tidemark-held';
const POLL_BYTES = 2 * 1024 * 1024;
const POLL_WAIT_MS = 1_000;
const INITIAL_DELAY_MS = 1_000;
const MAX_DELAY_MS = 30_000;

/** Refusals that concern one schema only. */
const REFUSALS: ReadonlySet<string> = new Set(['SCHEMA_INCOMPATIBLE', 'REGISTRY_REFUSED']);

const HOLDING = '__tidemark.held.';

/** Where a topic's records are held: not under its prefix, which sinks subscribe to. */
export function holdingTopic(topic: string): string {
  return `${HOLDING}${topic}`;
}

const WAITING = '__tidemark.waiting.';

/** Where records of a table wait for somebody to say what becomes of a change of its shape. */
export function waitingTopic(topic: string): string {
  return `${WAITING}${topic}`;
}

/** True of a name that `holdingTopic` or `waitingTopic` made. */
export function isHoldingTopic(name: string): boolean {
  return name.startsWith(HOLDING) || name.startsWith(WAITING);
}

/** The topics of which something is held as of an offset, and from where on. */
export function heldPositions(stored: SourceOffset | null): readonly (readonly [string, number])[] {
  const text = stored?.offset[STATE];
  return typeof text === 'string'
    ? Object.entries(JSON.parse(text) as Readonly<Record<string, number>>)
    : [];
}

/**
 * Records whose schema the registry refuses are held in a topic of their own until it takes it
 * (ruling 6); other tables go on.
 *
 * Invariant: every record is durable in its topic or in the one that holds it before the source
 * offset passes it; that offset says from where on the holding topic has not gone out, and later
 * records of the topic stand behind those. What breaks otherwise: a row that the source was told is
 * safe is nowhere, or an old row goes out behind a newer one of its key.
 */
export class HeldTopics {
  readonly #parts: HeldTopicParts;
  readonly #held = new Map<string, HeldTopic>();
  #mayHold: () => boolean = () => false;
  #backoff = new Backoff({ initialMs: INITIAL_DELAY_MS, maxMs: MAX_DELAY_MS });
  #isDue = false;
  #cancelRetry: (() => void) | null = null;

  constructor(parts: HeldTopicParts) {
    this.#parts = parts;
  }

  /** Goes on where the stored offset stands. Nothing is held before a source has worked. */
  async prepare(stored: SourceOffset | null, mayHold: () => boolean): Promise<void> {
    this.close();
    this.#mayHold = mayHold;
    this.#held.clear();
    this.#backoff = new Backoff({ initialMs: INITIAL_DELAY_MS, maxMs: MAX_DELAY_MS });
    for (const [topic, from] of heldPositions(stored)) {
      const error = new TidemarkError(
        'SCHEMA_INCOMPATIBLE',
        `records of ${topic} are held since before the start; the registry is asked again`,
      );
      this.#held.set(topic, heldTopic(await this.#open(topic), from, error));
    }
    // Somebody may have changed the level while we were away.
    this.#isDue = this.#held.size > 0;
  }

  /** What the source offset has to keep; null: nothing is held. */
  offset(): SourceOffset['offset'] | null {
    if (this.#held.size === 0) return null;
    const positions = [...this.#held].map(([topic, { from }]) => [topic, from] as const);
    return { [STATE]: JSON.stringify(Object.fromEntries(positions)) };
  }

  views(): readonly HeldTopicView[] {
    return [...this.#held].map(([topic, { error }]) => ({ topic, ...error.toJSON() }));
  }

  isHeld(topic: string): boolean {
    return this.#held.has(topic);
  }

  /** A refusal that stops one topic and not the source. */
  catches(error: unknown): error is TidemarkError {
    return isRefusal(error) && this.#mayHold();
  }

  /** From here on records of the topic are held. */
  async hold(topic: string, error: TidemarkError): Promise<void> {
    const handle = await this.#open(topic);
    const description = await this.#parts.transport.describeTopic(holdingTopic(topic));
    const from = description?.partitions[0]?.endOffset ?? 0;
    this.#held.set(topic, heldTopic(handle, from, error));
    this.#parts.logger.error(
      { code: error.code, cure: error.cure, topic },
      `records of ${topic} are held until the registry takes their schema: ${error.message}`,
    );
    this.#retryLater();
  }

  /** Puts a record behind those that are held. */
  write(record: ConnectRecord, output: RecordOutput, nowMs: number): void {
    const held = must(this.#held.get(record.topic), `${record.topic} is held`);
    held.added++;
    held.records.write(record, held.handle, output, nowMs);
  }

  /** The registry is to be asked again. */
  get isDue(): boolean {
    return this.#isDue;
  }

  /** Topics begin anew: what was held of them is of no use any more. */
  forget(topics: readonly string[]): void {
    for (const topic of topics) this.#held.delete(topic);
  }

  /**
   * Asks the registry again and writes what it takes, oldest first. Returns the topics of which
   * nothing is held any more; nothing else may be written meanwhile.
   */
  async release(target: ReleaseTarget, signal: AbortSignal): Promise<readonly string[]> {
    this.#isDue = false;
    const released: string[] = [];
    for (const [topic, held] of this.#held) {
      if (!(await this.#releaseTopic(topic, held, target, signal))) continue;
      // At once: what another road brings while others go out would be put behind for nobody.
      this.#held.delete(topic);
      released.push(topic);
    }
    for (const topic of released) {
      this.#parts.logger.info({ topic }, `the held records of ${topic} have gone out`);
    }
    for (const topic of released) {
      // The offset that is stored now points into it no longer.
      await target.flush();
      await target.empty(holdingTopic(topic));
    }
    if (this.#held.size > 0) this.#retryLater();
    else this.#backoff.reset();
    return released;
  }

  /** Stops asking. */
  close(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    this.#isDue = false;
  }

  #open(topic: string): Promise<number> {
    return this.#parts.transport.openTopic(holdingTopic(topic), { partitions: 1 });
  }

  #retryLater(): void {
    this.#cancelRetry ??= this.#parts.clock.after(this.#backoff.nextDelayMs(), () => {
      this.#cancelRetry = null;
      this.#isDue = true;
    });
  }

  async #releaseTopic(
    topic: string,
    held: HeldTopic,
    target: ReleaseTarget,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { transport } = this.#parts;
    const name = holdingTopic(topic);
    const partition = { topic: name, partition: 0 };
    const end = async (): Promise<number> =>
      (await transport.describeTopic(name))?.partitions[0]?.endOffset ?? held.from;
    await using consumer = await transport.consumer({
      group: GROUP,
      topics: [name],
      startAt: 'earliest',
      register: false,
    });
    let added: number;
    do {
      // Records that are not durable yet can be read only then.
      added = held.added;
      await target.flush();
      const until = await end();
      if (held.from < until) consumer.seek(partition, held.from);
      while (held.from < until) {
        if (!(await this.#releaseSome(topic, held, consumer, target, signal))) return false;
      }
      // A record of another road, such as a heartbeat, may have been held meanwhile.
    } while (added !== held.added);
    return true;
  }

  /** False: the registry does not take the next record's schema, or the task stops. */
  async #releaseSome(
    topic: string,
    held: HeldTopic,
    consumer: Consumer,
    target: ReleaseTarget,
    signal: AbortSignal,
  ): Promise<boolean> {
    const fetched = await consumer.poll({ maxBytes: POLL_BYTES, maxWaitMs: POLL_WAIT_MS, signal });
    if (signal.aborted) return false;
    for (const { records, nextOffset } of fetched) {
      for (const record of records) {
        try {
          await this.#releaseRecord(topic, held, record, target);
        } catch (error) {
          if (!this.catches(error)) throw error;
          held.error = error;
          return false;
        }
      }
      held.from = Math.max(held.from, nextOffset);
    }
    if (fetched.length === 0) held.from = Math.max(held.from, positionOf(consumer));
    await target.settle();
    return true;
  }

  async #releaseRecord(
    topic: string,
    held: HeldTopic,
    stored: LogRecord,
    target: ReleaseTarget,
  ): Promise<void> {
    const record: HeldRecord = held.records.read(stored);
    const { key, value, transport, topicOptions } = this.#parts;
    const preparedKey = await prepare(key, topic, held, record.key);
    const preparedValue = await prepare(value, topic, held, record.value);
    const handle = held.target ?? (held.target = await transport.openTopic(topic, topicOptions));
    const keyBytes = bytesOf(key, preparedKey, record.key);
    const valueBytes = bytesOf(value, preparedValue, record.value);
    const output = target.output();
    output.start(handle, record.timestampMs);
    if (record.partition !== null) output.partition(record.partition);
    if (keyBytes !== null) output.writer.raw(keyBytes);
    output.endKey(keyBytes !== null);
    if (valueBytes !== null) output.writer.raw(valueBytes);
    output.endValue(valueBytes !== null);
    for (const { name, value: bytes } of record.headers) output.header(name, bytes);
    output.end();
    // With no await between: whoever stores the offset now has both in one batch, or none.
    held.from = stored.offset + 1;
  }
}

/** Also one that the registry takes for invalid, or does not take in the subject's mode. */
function isRefusal(error: unknown): error is TidemarkError {
  if (error instanceof RegistryError && error.code === 'SCHEMA_INVALID') return true;
  return error instanceof TidemarkError && REFUSALS.has(error.code);
}

function heldTopic(handle: number, from: number, error: TidemarkError): HeldTopic {
  const records = new HeldRecords();
  return { handle, target: null, from, error, added: 0, records, prepared: new WeakMap() };
}

async function prepare(
  converter: Converter,
  topic: string,
  { prepared: known }: HeldTopic,
  { schema }: ConnectData,
): Promise<PreparedSchema | null> {
  if (schema === null) return null;
  const prepared = known.get(schema) ?? (await converter.prepare(topic, schema));
  known.set(schema, prepared);
  return prepared;
}

function bytesOf(
  converter: Converter,
  prepared: PreparedSchema | null,
  { value }: ConnectData,
): Buffer | null {
  if (prepared === null) return null;
  if (value !== null) return converter.fromConnect(prepared, value);
  return converter.nullOf?.(prepared) ?? null;
}

function positionOf(consumer: Consumer): number {
  return consumer.assignment()[0]?.position ?? 0;
}
