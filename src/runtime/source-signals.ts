import type { Clock } from '../foundation/clock.ts';
import type { SourceOffset } from '../model/change-event.ts';
import type { SourceNotification } from '../model/source-notification.ts';
import type { SourceSignal } from '../model/source-signal.ts';
import type { Logger } from './logger.ts';
import type { SignalFile } from './signal-file.ts';
import type { SignalTopic } from './signal-topic.ts';

/** Where signals come from besides the source itself and HTTP. */
export interface SignalParts {
  /** Null: the channel is off. */
  readonly topic: SignalTopic | null;
  readonly file: SignalFile | null;
  readonly pollIntervalMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  notify(notification: SourceNotification): void;
}

/** The source that signals are for, as it runs. */
export interface SignalTarget {
  /** Only then does its offset hold what a signal changes. */
  isStreaming(): boolean;
  signal(signal: SourceSignal): void;
  /** The offset has changed: it is to be stored soon. */
  changed(): void;
}

const TOPIC_POSITION = 'tidemark.signal.offset';
const FILE_MARK = 'tidemark.signal.file';

/**
 * Reads the channels `kafka` and `file` while the source streams.
 *
 * Invariant: how far a channel is read stands in the source offset, and changes in the same turn as
 * the source's own state: both become durable with one append, or neither.
 * What breaks otherwise: a crash repeats a snapshot of hours, or loses the signal that asked for
 * it.
 */
export class SourceSignals {
  readonly #parts: SignalParts;
  #position = 0;
  /**
   * Lines of the file that are done and still stand there: a number that rises, and their mark. The
   * same lines may be written again.
   */
  #mark: string | null = null;
  #turn = 0;
  #durableMark: string | null = null;
  #wake: (() => void) | null = null;

  constructor(parts: SignalParts) {
    this.#parts = parts;
  }

  /** Does all that can wait, and goes on where the stored offset stands. */
  async prepare(stored: SourceOffset | null): Promise<void> {
    const { [TOPIC_POSITION]: position, [FILE_MARK]: mark } = stored?.offset ?? {};
    this.#position = typeof position === 'number' ? position : 0;
    this.#mark = typeof mark === 'string' ? mark : null;
    this.#durableMark = this.#mark;
    this.#turn = Number(this.#mark?.split(' ', 1)[0] ?? 0);
    await this.#parts.topic?.prepare();
  }

  /** What the source offset has to keep; null: nothing. Also when the channels are off by now. */
  offset(): SourceOffset['offset'] | null {
    if (this.#position === 0 && this.#mark === null) return null;
    return {
      ...(this.#position === 0 ? {} : { [TOPIC_POSITION]: this.#position }),
      ...(this.#mark === null ? {} : { [FILE_MARK]: this.#mark }),
    };
  }

  /** The offset is durable. */
  durable({ offset }: SourceOffset): void {
    const mark = offset[FILE_MARK];
    this.#durableMark = typeof mark === 'string' ? mark : null;
    this.#wake?.();
  }

  /** Puts a signal into the topic; false: that channel is off. */
  async send(signal: SourceSignal): Promise<boolean> {
    const { topic } = this.#parts;
    if (topic === null) return false;
    await topic.send(signal);
    return true;
  }

  /** Listens until the signal aborts; a channel that fails is told and tried again. */
  async listen(target: SignalTarget, signal: AbortSignal): Promise<void> {
    const { topic, file } = this.#parts;
    await Promise.all([
      topic === null
        ? null
        : this.#every('topic of signals', signal, () => this.#topic(topic, target, signal)),
      file === null
        ? null
        : this.#every(`file ${file.path}`, signal, () => this.#file(file, target, signal)),
    ]);
  }

  async #every(name: string, signal: AbortSignal, look: () => Promise<void>): Promise<void> {
    const { clock, pollIntervalMs, logger } = this.#parts;
    let told = '';
    while (!signal.aborted) {
      try {
        await look();
        told = '';
      } catch (error) {
        if (signal.aborted) return;
        const { message } = error as Error;
        if (message !== told) logger.warn(`the ${name} cannot be read or emptied: ${message}`);
        told = message;
      }
      await clock.sleep(pollIntervalMs, signal);
    }
  }

  async #topic(topic: SignalTopic, target: SignalTarget, signal: AbortSignal): Promise<void> {
    if (!target.isStreaming()) return;
    const found = await topic.read(this.#position, signal);
    // Synchronous from here on: position and effect belong together.
    if (found.length === 0 || signal.aborted || !target.isStreaming()) return;
    for (const { signal: asked, reason, next } of found) {
      this.#position = next;
      if (asked !== null) this.#hand(asked, 'topic', target);
      else if (reason !== null) this.#reject('topic', reason);
    }
    target.changed();
  }

  async #file(file: SignalFile, target: SignalTarget, signal: AbortSignal): Promise<void> {
    if (!target.isStreaming()) return;
    const done = this.#mark;
    const reading = await file.read(done === null ? null : done.slice(done.indexOf(' ') + 1));
    if (signal.aborted || !target.isStreaming()) return;
    if (reading === null) {
      this.#mark = null;
      return;
    }
    if (done === null || !done.endsWith(` ${reading.mark}`)) {
      this.#mark = `${++this.#turn} ${reading.mark}`;
    }
    for (const { signal: asked } of reading.lines) {
      if (asked !== null) this.#hand(asked, 'file', target);
      else this.#reject('file', 'a line is no JSON object with a type');
    }
    target.changed();
    await this.#untilDurable(signal);
    if (this.#durableMark !== this.#mark) return;
    await file.cut(reading.mark);
    this.#mark = null;
    target.changed();
  }

  async #untilDurable(signal: AbortSignal): Promise<void> {
    const aborted = (): void => this.#wake?.();
    signal.addEventListener('abort', aborted, { once: true });
    while (!signal.aborted && this.#durableMark !== this.#mark) {
      const woken = Promise.withResolvers<void>();
      this.#wake = () => woken.resolve();
      await woken.promise;
    }
    this.#wake = null;
    signal.removeEventListener('abort', aborted);
  }

  #hand(signal: SourceSignal, channel: string, target: SignalTarget): void {
    const { id, type } = signal;
    this.#parts.logger.info({ channel, id, type }, 'signal received');
    target.signal(signal);
  }

  #reject(channel: string, reason: string): void {
    this.#parts.logger.warn({ channel }, `a signal is ignored: ${reason}`);
    this.#parts.notify({
      aggregate: 'Signal',
      type: 'REJECTED',
      data: { channel, reason },
    });
  }
}
