import type { BinlogReceiver } from '../wire/binlog-wire.ts';
import type { BinlogStream } from './binlog-stream.ts';
import type { LogSpot } from './stream-watches.ts';
import { compareFiles } from './binlog-position.ts';

/** What works between two groups of a stream. */
export interface BoundaryWork {
  /** Between two events, often between two groups. A promise holds the stream up. */
  boundary(): Promise<void> | undefined;
}

/**
 * A stream beside which tables are read: between its events it asks whether rows are to be handed
 * over. Work that comes while the server has nothing to send is asked for by `nudge`.
 */
export class WatchedStream implements BinlogReceiver {
  readonly #stream: Pick<BinlogStream, 'event' | 'settle' | 'isBetweenGroups' | 'place' | 'tell'>;
  readonly #work: BoundaryWork;
  /** Where the stored position lies on this very server; null: it is one of another. */
  readonly #startsAt: LogSpot | null;
  /** Something is waited for: an event that is not over yet, or room. */
  #waits = 0;
  #held: Promise<void> | null = null;

  constructor(
    stream: Pick<BinlogStream, 'event' | 'settle' | 'isBetweenGroups' | 'place' | 'tell'>,
    work: BoundaryWork,
    startsAt: LogSpot | null,
  ) {
    this.#stream = stream;
    this.#work = work;
    this.#startsAt = startsAt;
  }

  get isBetweenGroups(): boolean {
    return this.#stream.isBetweenGroups;
  }

  /** All before it has come in; null: nothing has come yet, and the server is another one. */
  get place(): LogSpot | null {
    const { place } = this.#stream;
    const start = this.#startsAt;
    if (place.file === '') return start;
    if (start === null) return place;
    const isBehind = compareFiles(place.file, place.pos, start.file, start.pos) < 0;
    return isBehind ? start : place;
  }

  /** Before the first row of a shape. */
  tell(schema: Parameters<BinlogStream['tell']>[0]): Promise<void> | undefined {
    return this.#stream.tell(schema);
  }

  event(bytes: Buffer, start: number, end: number): Promise<void> | undefined {
    if (this.#held !== null) return this.#behind(() => this.event(bytes, start, end));
    const wait = this.#stream.event(bytes, start, end);
    if (wait === undefined) return this.#waiting(this.#work.boundary());
    return this.#waiting(wait.then(() => this.#work.boundary()));
  }

  settle(more: boolean): Promise<void> | undefined {
    if (this.#held !== null) return this.#behind(() => this.settle(more));
    return this.#waiting(this.#stream.settle(more));
  }

  /**
   * Works now, if the stream has nothing to do; otherwise it is about to come by itself. The stream
   * stands still until the promise resolves; when it rejects, the work has failed, not the stream.
   */
  nudge(): Promise<void> | undefined {
    if (this.#waits > 0 || this.#held !== null) return undefined;
    const wait = this.#work.boundary();
    // What was handed over is to be written, as behind a chunk of input.
    const settled = wait === undefined ? this.settle(false) : this.#settled(wait);
    if (settled === undefined) return undefined;
    const held = settled.finally(() => {
      if (this.#held === held) this.#held = null;
    });
    this.#held = held;
    return held;
  }

  async #behind(next: () => Promise<void> | undefined): Promise<void> {
    await this.#held?.catch(() => undefined);
    await next();
  }

  async #settled(wait: Promise<void>): Promise<void> {
    await wait;
    await this.#stream.settle(false);
  }

  #waiting(wait: Promise<void> | undefined): Promise<void> | undefined {
    if (wait === undefined) return undefined;
    this.#waits++;
    return wait.finally(() => {
      this.#waits--;
    });
  }
}
