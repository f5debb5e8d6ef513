import { TidemarkError } from '../../foundation/errors.ts';
import type { RecordBatch } from '../record-batch.ts';
import { RecordBatch as Batch } from '../record-batch.ts';
import { batchBytesAlone } from './record-batch-writer.ts';
import type { TopicDirectory } from './topic-directory.ts';

/** Room for the headers of a dead letter. */
const HEADER_ROOM = 1024;

/** What happens to a record that no request takes. */
export interface LimitSettings {
  readonly maxRequestBytes: number;
  /** Where it goes, in parts; null: the write is refused. */
  readonly deadLetters: { readonly topic: string; readonly connector: string } | null;
}

/** Finds records before they are sent that no broker would take. */
export class RecordLimits {
  readonly #directory: TopicDirectory;
  readonly #settings: LimitSettings;

  constructor(directory: TopicDirectory, settings: LimitSettings) {
    this.#directory = directory;
    this.#settings = settings;
  }

  /** The topic of dead letters, which the caller opens before any are written. */
  get deadLetterTopic(): string | null {
    return this.#settings.deadLetters?.topic ?? null;
  }

  /** Numbers of the records that are dead letters; nearly always none. Throws RECORD_TOO_LARGE. */
  tooLarge(batch: RecordBatch): ReadonlySet<number> {
    const { maxRequestBytes, deadLetters } = this.#settings;
    const found = new Set<number>();
    if (batch.byteLength < maxRequestBytes / 2) return found;
    for (let i = 0; i < batch.count; i++) {
      // As the producers count, which refuse what is larger.
      const bytes = batchBytesAlone(batch, i);
      if (bytes <= maxRequestBytes) continue;
      const topic = this.#directory.nameOf(batch.topics[i] as number);
      if (deadLetters === null) throw this.#refused(topic, bytes);
      found.add(i);
    }
    return found;
  }

  /**
   * A record as dead letters: its value in parts that fit, each with the record's key, the headers
   * that Connect gives to dead letters, and `__tidemark.part` (`2/5`). Joined they are the value:
   * nothing is lost.
   */
  deadLetters(batch: RecordBatch, records: ReadonlySet<number>, handle: number): RecordBatch {
    const letters = new Batch();
    for (const i of records) {
      const { bytes } = batch.writer;
      const keyEnd = batch.keyEnds[i] as number;
      const key = keyEnd < 0 ? null : bytes.subarray(batch.keyStarts[i], keyEnd);
      const topic = this.#directory.nameOf(batch.topics[i] as number);
      const from = batch.valueStarts[i] as number;
      const error = this.#refused(topic, batchBytesAlone(batch, i));
      const room = this.#settings.maxRequestBytes - HEADER_ROOM - (key?.length ?? 0);
      if (room < HEADER_ROOM) throw error;
      const end = Math.max(from, batch.valueEnds[i] as number);
      const parts = Math.max(1, Math.ceil((end - from) / room));
      for (let part = 0; part < parts; part++) {
        const start = from + part * room;
        const piece = bytes.subarray(start, Math.min(end, start + room));
        this.#letter(letters, handle, batch.timestampsMs[i] as number, key, piece);
        this.#headers(letters, topic, error.message, `${part + 1}/${parts}`);
        letters.end();
      }
    }
    return letters;
  }

  #letter(
    letters: RecordBatch,
    handle: number,
    timestampMs: number,
    key: Buffer | null,
    piece: Buffer,
  ): void {
    letters.start(handle, timestampMs);
    if (key !== null) letters.writer.raw(key);
    letters.endKey(key !== null);
    letters.writer.raw(piece);
    letters.endValue(true);
  }

  #headers(letters: RecordBatch, topic: string, message: string, part: string): void {
    const headers = {
      '__connect.errors.topic': topic,
      '__connect.errors.connector.name': this.#settings.deadLetters?.connector ?? '',
      '__connect.errors.stage': 'KAFKA_PRODUCE',
      '__connect.errors.exception.class.name':
        'org.apache.kafka.common.errors.RecordTooLargeException',
      '__connect.errors.exception.message': message,
      '__tidemark.part': part,
    };
    for (const [name, text] of Object.entries(headers)) letters.header(name, Buffer.from(text));
  }

  #refused(topic: string, bytes: number): TidemarkError {
    const limit = this.#settings.maxRequestBytes;
    const message = `a record of ${topic} has ${bytes} bytes; max.request.size is ${limit}`;
    return new TidemarkError('RECORD_TOO_LARGE', message, {
      cure:
        `Raise producer.override.max.request.size, and max.message.bytes of ${topic}, leave the ` +
        'large column out (column.exclude.list), or set producer.record.too.large to dead_letter.',
    });
  }
}
