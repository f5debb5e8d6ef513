import { TidemarkError } from '../../foundation/errors.ts';
import type { RecordBatch } from '../record-batch.ts';
import type { TopicDirectory } from './topic-directory.ts';

/** What a record costs beside its key, value and headers, at most (record batch format v2). */
const RECORD_OVERHEAD = 90;

/** Refuses records before they are sent that no broker would take. */
export class RecordLimits {
  readonly #directory: TopicDirectory;
  readonly #maxRequestBytes: number;

  constructor(directory: TopicDirectory, maxRequestBytes: number) {
    this.#directory = directory;
    this.#maxRequestBytes = maxRequestBytes;
  }

  /** Throws RECORD_TOO_LARGE. */
  check({ count, keyStarts, headerEnds, topics, byteLength }: RecordBatch): void {
    const limit = this.#maxRequestBytes;
    if (byteLength + RECORD_OVERHEAD <= limit) return;
    for (let i = 0; i < count; i++) {
      const bytes = (headerEnds[i] as number) - (keyStarts[i] as number) + RECORD_OVERHEAD;
      if (bytes > limit) throw this.#tooLarge(this.#directory.nameOf(topics[i] as number), bytes);
    }
  }

  #tooLarge(topic: string, bytes: number): TidemarkError {
    const message = `a record of ${topic} has ${bytes} bytes; max.request.size is `;
    return new TidemarkError('RECORD_TOO_LARGE', `${message}${this.#maxRequestBytes}`, {
      cure:
        `Raise producer.override.max.request.size, and max.message.bytes of ${topic}, or leave ` +
        'the large column out (column.exclude.list).',
    });
  }
}
