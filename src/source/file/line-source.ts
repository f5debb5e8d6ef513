import { isUtf8 } from 'node:buffer';
import type { Readable } from 'node:stream';
import type { Clock } from '../../foundation/clock.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { SourceOffset, SourceStatus } from '../../model/change-event.ts';
import { offsetOfPlace, placeOfOffset } from './file-place.ts';
import { FollowedFile } from './followed-file.ts';
import { LineSplitter } from './line-splitter.ts';

/** What a source of lines is told. */
export interface LineSourceOptions {
  /** As the configuration names it: the identity of the source. Null: standard input. */
  readonly name: string | null;
  /** Its absolute path; of standard input nothing. */
  readonly path: string;
  /** Lines that are handed over between two looks at the room. */
  readonly batchLines: number;
  readonly pollIntervalMs: number;
  /** Bytes that are no UTF-8: refused, or replaced by U+FFFD as Java's reader does. */
  readonly invalidText: 'fail' | 'replace';
}

/** Whom lines are handed to; no line waits. */
export interface LineReceiver {
  line(text: string): void;
  /** After a batch. A promise comes back where there is no room; `more`: others wait. */
  settle(more: boolean): Promise<void> | undefined;
}

/** What a source of lines is made of. */
export interface LineSourceParts {
  readonly options: LineSourceOptions;
  readonly input: Readable;
  readonly clock: Clock;
  readonly note: (text: string) => void;
  readonly warn: (text: string) => void;
}

/** Hands the lines of a file over as they are added, or those of standard input until it ends. */
export class LineSource implements AsyncDisposable {
  readonly #parts: LineSourceParts;
  #file: FollowedFile | null = null;
  #input: LineSplitter | null = null;
  #phase: SourceStatus['phase'] = 'starting';
  #size: number | null = null;

  constructor(parts: LineSourceParts) {
    this.#parts = parts;
  }

  /** Until the signal aborts, or standard input ends. Throws SOURCE_FILE, VALUE_CONVERSION. */
  async run(
    receiver: LineReceiver,
    stored: SourceOffset | null,
    signal: AbortSignal,
  ): Promise<void> {
    this.#phase = 'streaming';
    try {
      if (this.#parts.options.name === null) await this.#readInput(receiver, signal);
      else await this.#followFile(receiver, stored, signal);
    } finally {
      this.#phase = 'stopped';
    }
  }

  /** Behind the last line that was handed over; null: there was none yet. */
  offset(): SourceOffset | null {
    const { name } = this.#parts.options;
    if (this.#input !== null) {
      return offsetOfPlace(name, { position: this.#input.position, identity: null, check: null });
    }
    const place = this.#file?.place ?? null;
    return place === null ? null : offsetOfPlace(name, place);
  }

  status(): SourceStatus {
    const position = this.#position();
    return {
      phase: this.#phase,
      snapshot: [],
      lagBytes: this.#size === null ? null : BigInt(Math.max(0, this.#size - position)),
      lagMs: null,
      confirmed: null,
      received: String(position),
      connected: this.#input !== null || this.#file?.isOpen === true,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.[Symbol.asyncDispose]();
  }

  #position(): number {
    return this.#input?.position ?? this.#file?.place?.position ?? 0;
  }

  async #followFile(
    receiver: LineReceiver,
    stored: SourceOffset | null,
    signal: AbortSignal,
  ): Promise<void> {
    const { options, clock, warn, note } = this.#parts;
    const start = stored === null ? null : placeOfOffset(stored);
    const file = new FollowedFile(options.path, start, warn);
    this.#file = file;
    const hand = (bytes: Buffer): void => receiver.line(this.#text(bytes));
    let isMissed = false;
    while (!signal.aborted) {
      const isMore = await file.read(hand);
      await this.#handOver(receiver, () => file.next(), signal);
      this.#size = await file.size();
      if (isMore) continue;
      if (!file.isOpen && !isMissed) note(`${options.path} is not there yet: it is waited for`);
      isMissed = !file.isOpen;
      await clock.sleep(options.pollIntervalMs, signal);
    }
  }

  async #readInput(receiver: LineReceiver, signal: AbortSignal): Promise<void> {
    const splitter = new LineSplitter();
    this.#input = splitter;
    const { input } = this.#parts;
    const stop = (): void => void input.destroy();
    signal.addEventListener('abort', stop, { once: true });
    try {
      for await (const chunk of input) {
        splitter.push(chunk as Buffer);
        await this.#handOver(receiver, () => splitter.next(), signal);
      }
      const rest = splitter.rest();
      if (rest !== null) receiver.line(this.#text(rest));
      await receiver.settle(false);
    } catch (thrown) {
      if (!signal.aborted) throw thrown;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async #handOver(
    receiver: LineReceiver,
    next: () => Buffer | null,
    signal: AbortSignal,
  ): Promise<void> {
    const { batchLines } = this.#parts.options;
    let count = 0;
    for (let bytes = next(); bytes !== null; bytes = next()) {
      receiver.line(this.#text(bytes));
      count++;
      if (count % batchLines !== 0) continue;
      await receiver.settle(true);
      if (signal.aborted) return;
    }
    await receiver.settle(false);
  }

  #text(bytes: Buffer): string {
    const { invalidText, name } = this.#parts.options;
    if (invalidText === 'fail' && !isUtf8(bytes)) {
      const where = `${name ?? 'standard input'}: the line before byte ${this.#position()}`;
      throw new TidemarkError('VALUE_CONVERSION', `${where} is not UTF-8`, {
        cure: 'Convert the file (iconv -t UTF-8), or set invalid.text: replace.',
      });
    }
    return bytes.toString('utf8');
  }
}
