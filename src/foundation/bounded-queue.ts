/** Limits of a queue; whichever is reached first makes the producer wait. */
export interface QueueLimits {
  readonly maxItems: number;
  readonly maxBytes: number;
}

interface Entry<T> {
  readonly item: T;
  readonly bytes: number;
}

/**
 * One producer, one consumer, bounded in items and bytes. An item larger than `maxBytes` passes
 * when the queue is empty, so that nothing is stuck for ever. `for await` takes the items in order;
 * leaving the loop closes the queue and lets a waiting producer go.
 */
export class BoundedQueue<T> implements AsyncIterable<T> {
  readonly #limits: QueueLimits;
  readonly #entries: Entry<T>[] = [];
  #bytes = 0;
  #closed = false;
  #failure: unknown = null;
  #wakeProducer: (() => void) | null = null;
  #wakeConsumer: (() => void) | null = null;
  #onFull: (() => void) | null = null;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#entries.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The producer waits for room: as much is there as may be. */
  get full(): boolean {
    return this.#wakeProducer !== null;
  }

  /** `told` is called once, when the queue is full next; whoever asked before is not. */
  onceFull(told: () => void): void {
    this.#onFull = told;
  }

  /** Resolves when an item of so many bytes would be taken in at once, or the queue is closed. */
  async room(bytes: number): Promise<void> {
    while (!this.#closed && !this.#hasRoom(bytes)) {
      await new Promise<void>((resolve) => {
        this.#wakeProducer = resolve;
        const told = this.#onFull;
        this.#onFull = null;
        told?.();
      });
    }
  }

  /** Resolves when the item is taken in: true, or false when the queue was closed meanwhile. */
  async push(item: T, bytes: number): Promise<boolean> {
    await this.room(bytes);
    if (this.#closed) return false;
    this.#entries.push({ item, bytes });
    this.#bytes += bytes;
    this.#wake();
    return true;
  }

  /** No more items; the consumer gets those that are there, then the end, or `failure` thrown. */
  close(failure: unknown = null): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#failure = failure;
    this.#wake();
    this.#wakeProducer?.();
    this.#wakeProducer = null;
  }

  /** The next item, if it is there already and `wanted`; for a consumer that can do with more. */
  takeWaiting(wanted: (item: T) => boolean): T | undefined {
    const next = this.#entries[0];
    return next !== undefined && wanted(next.item) ? this.#take()?.item : undefined;
  }

  #take(): Entry<T> | undefined {
    const entry = this.#entries.shift();
    if (entry === undefined) return undefined;
    this.#bytes -= entry.bytes;
    this.#wakeProducer?.();
    this.#wakeProducer = null;
    return entry;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    try {
      for (;;) {
        const entry = this.#take();
        if (entry !== undefined) yield entry.item;
        else if (this.#closed) {
          if (this.#failure !== null) throw this.#failure;
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#wakeConsumer = resolve;
          });
        }
      }
    } finally {
      this.#entries.length = 0;
      this.#bytes = 0;
      this.close();
    }
  }

  #hasRoom(bytes: number): boolean {
    if (this.#entries.length === 0) return true;
    return (
      this.#entries.length < this.#limits.maxItems && this.#bytes + bytes <= this.#limits.maxBytes
    );
  }

  #wake(): void {
    this.#wakeConsumer?.();
    this.#wakeConsumer = null;
  }
}
