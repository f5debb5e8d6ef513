import { must } from '../foundation/assert.ts';
import type { FaultHook } from '../foundation/fault-points.ts';
import type { DeadLetter, SendDeadLetters } from '../model/dead-letter.ts';
import { RecordBatch } from '../transport/record-batch.ts';
import type { Transport } from '../transport/transport.ts';
import type { StageClasses } from './dead-letter-headers.ts';
import { letterHeaders } from './dead-letter-headers.ts';
import { DeadLetterLog, type LetterLogging } from './dead-letter-log.ts';
import type { Logger } from './logger.ts';

/** Where dead letters of a sink go, and what is told of them. */
export interface DeadLetterSettings {
  readonly sink: string;
  /** Null: they are dropped. */
  readonly topic: string | null;
  /** -1: the default of the brokers. */
  readonly replicationFactor: number;
  /** With Connect's headers and ours. */
  readonly headers: boolean;
  readonly classes: StageClasses;
  readonly log: LetterLogging;
}

/** With what it is written. */
export interface DeadLetterParts extends DeadLetterSettings {
  readonly transport: Transport;
  readonly logger: Logger;
  readonly fault: FaultHook;
}

/**
 * The dead letters of a sink: its records as they stand in the log, key and value byte for byte,
 * with headers that say what happened. In order; at least once.
 */
export class DeadLetterTopic {
  readonly #parts: DeadLetterParts;
  readonly #batch = new RecordBatch();
  readonly #log: DeadLetterLog;
  #handle: Promise<number> | null = null;
  #sent = 0;
  readonly #byTopic = new Map<string, number>();

  constructor(parts: DeadLetterParts) {
    this.#parts = parts;
    this.#log = new DeadLetterLog(parts.logger, parts.log, parts.topic);
  }

  /** Letters of this process, told again or not. */
  get sent(): number {
    return this.#sent;
  }

  /** The same by the topics that their records are of. */
  get byTopic(): ReadonlyMap<string, number> {
    return this.#byTopic;
  }

  readonly send: SendDeadLetters = async (letters) => {
    const { topic, transport, fault } = this.#parts;
    if (topic !== null) {
      const handle = await this.#open(topic);
      this.#batch.clear();
      for (const letter of letters) this.#write(handle, letter);
      await transport.appendBeside(this.#batch);
      fault('sink.letters-sent');
    }
    this.#sent += letters.length;
    for (const { record, stage, error } of letters) {
      const { topic: from, partition, offset, timestampMs } = record;
      this.#byTopic.set(from, (this.#byTopic.get(from) ?? 0) + 1);
      this.#log.tell(from, { stage, error }, () => ({ partition, offset, timestampMs }));
    }
  };

  /** Kept for ever: whoever mends the cause may come late. */
  #open(topic: string): Promise<number> {
    const { transport, replicationFactor } = this.#parts;
    this.#handle ??= transport
      .openTopic(topic, { partitions: 1, cleanup: 'delete', replicationFactor })
      .catch((error: unknown) => {
        this.#handle = null;
        throw error;
      });
    return this.#handle;
  }

  #write(handle: number, { record, stage, error }: DeadLetter): void {
    const { sink, headers, classes } = this.#parts;
    const batch = this.#batch;
    const raw = must(record.raw, 'bytes of a dead letter');
    batch.start(handle, record.timestampMs);
    if (raw.key !== null) batch.writer.raw(raw.key);
    batch.endKey(raw.key !== null);
    if (raw.value !== null) batch.writer.raw(raw.value);
    batch.endValue(raw.value !== null);
    for (const { name, value } of raw.headers) batch.header(name, value);
    if (headers) {
      const added = letterHeaders(record, sink, { stage, error }, classes);
      for (const { name, value } of added) batch.header(name, value);
    }
    batch.end();
  }
}
