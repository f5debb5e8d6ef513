import type { Clock } from '../foundation/clock.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { FaultHook } from '../foundation/fault-points.ts';
import type { SourceOffset } from '../model/change-event.ts';
import type { ConnectRecord } from '../model/connect-record.ts';
import type { Notification } from '../model/source-notification.ts';
import type { LineReceiver, LineSource } from '../source/file/line-source.ts';
import type { Transport } from '../transport/transport.ts';
import type { HeldTopicView } from './held-topics.ts';
import { lineRecord, type RecordOfLine } from './line-records.ts';
import type { Logger } from './logger.ts';
import type { PipelineSource, ReaderView } from './pipeline-source.ts';
import { type PublisherLimits, RecordPublisher } from './record-publisher.ts';
import type { RecordWriter } from './record-writer.ts';
import type { SourceDeadLetters } from './source-dead-letters.ts';
import { loadSourceOffset } from './source-offset.ts';
import type { SourceStatistics } from './source-statistics.ts';

/** What the task of a file is made of; the reader is opened anew for each life. */
export interface FileSourceParts {
  readonly name: string;
  readonly partition: SourceOffset['partition'];
  readonly transport: Transport;
  readonly openReader: () => LineSource;
  readonly recordOf: RecordOfLine;
  /** Null: each line names its own. */
  readonly topic: string | null;
  readonly writer: RecordWriter;
  /** Takes lines that are no records; absent: they stop the source. */
  readonly letters?: SourceDeadLetters;
  /** False: where it stands is of no use to another run (standard input). */
  readonly resumes: boolean;
  readonly statistics: SourceStatistics;
  readonly limits: PublisherLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly fault: FaultHook;
  readonly onDurable: (records: number) => void;
}

/**
 * Reads lines into the transport: the records of lines and the place behind the last of them are
 * one append (`RecordPublisher`), so a line is there once, however often it is read.
 */
export class FileSourceTask implements PipelineSource {
  readonly name: string;
  readonly #parts: FileSourceParts;
  #reader: LineSource | null = null;
  #publisher: RecordPublisher | null = null;
  #storedOffset: SourceOffset | null = null;
  #hasWorked = false;

  constructor(parts: FileSourceParts) {
    this.name = parts.name;
    this.#parts = parts;
  }

  /** A file has no end that others tell: `bootstrap` is for databases. */
  get reader(): ReaderView | null {
    const reader = this.#reader;
    if (reader === null) return null;
    return { status: () => reader.status(), logEnd: () => null, hasReceived: () => false };
  }

  get storedOffset(): SourceOffset | null {
    return this.#storedOffset;
  }

  get waitsFor(): TidemarkError | null {
    return this.#publisher?.full ?? null;
  }

  notifications(): readonly Notification[] {
    return [];
  }

  sendSignal(): Promise<void> {
    return Promise.reject(noSignals());
  }

  signal(): void {
    throw noSignals();
  }

  get deadLetters(): number | null {
    return this.#parts.letters?.failed ?? null;
  }

  heldTopics(): readonly HeldTopicView[] {
    return [];
  }

  watermark(): () => boolean {
    return this.#publisher?.watermark() ?? (() => false);
  }

  hasWorked(): boolean {
    return this.#hasWorked;
  }

  async run(signal: AbortSignal, started: () => void, healthy: () => void): Promise<void> {
    const { transport, partition, resumes, logger, writer } = this.#parts;
    const { offset: found, warning } = await loadSourceOffset(transport, this.name, partition);
    if (warning !== null) logger.warn(warning);
    const stored = resumes ? found : null;
    this.#hasWorked ||= found !== null;
    this.#storedOffset = stored;
    writer.clear();
    await this.#parts.letters?.prepare();
    await using reader = this.#parts.openReader();
    this.#reader = reader;
    const publisher = this.#openPublisher(reader, stored, signal, healthy);
    this.#publisher = publisher;
    started();
    try {
      await reader.run(this.#receiver(publisher, signal), stored, signal);
      await this.#drained(publisher, signal);
      await publisher.flush();
    } finally {
      await publisher.close();
    }
  }

  #openPublisher(
    reader: LineSource,
    stored: SourceOffset | null,
    signal: AbortSignal,
    healthy: () => void,
  ): RecordPublisher {
    const { transport, partition, statistics, clock, logger, fault, limits } = this.#parts;
    const beginning = stored ?? { partition, offset: { position: 0 } };
    return new RecordPublisher(
      transport,
      this.name,
      {
        offset: () => reader.offset() ?? beginning,
        durable: (offset, records) => {
          statistics.published(records, clock.nowMs());
          this.#parts.onDurable(records);
          this.#hasWorked = true;
          this.#storedOffset = offset;
          healthy();
        },
        fault,
      },
      { clock, logger, signal, limits },
    );
  }

  #receiver(publisher: RecordPublisher, signal: AbortSignal): LineReceiver {
    const { writer, clock, statistics } = this.#parts;
    return {
      line: (text) => {
        const record = this.#recordOf(text, publisher);
        if (record !== null) writer.write(record, publisher.batch, clock.nowMs());
        if (writer.isWaiting) publisher.hold(true);
        statistics.message();
      },
      settle: (more) => {
        if (!writer.isWaiting) return publisher.settle(more);
        return this.#drained(publisher, signal).then(() => publisher.settle(more));
      },
    };
  }

  /** Null: it was none, and is a dead letter. */
  #recordOf(text: string, publisher: RecordPublisher): ConnectRecord | null {
    const { recordOf, letters, topic, clock } = this.#parts;
    try {
      return recordOf(text);
    } catch (thrown) {
      if (letters === undefined) throw thrown;
      const line = lineRecord(topic, text);
      letters.record(line, 'VALUE_CONVERTER', thrown, publisher.batch, clock.nowMs());
      return null;
    }
  }

  /** Topics and schemas that are new are made; the reader waits. */
  async #drained(publisher: RecordPublisher, signal: AbortSignal): Promise<void> {
    await this.#parts.writer.drain(() => publisher.batch, signal);
    publisher.hold(false);
  }
}

function noSignals(): TidemarkError {
  return new TidemarkError('CONFIG_UNSUPPORTED', 'a source that reads a file takes no signals');
}
