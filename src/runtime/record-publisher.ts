import { assert } from '../foundation/assert.ts';
import { Backoff } from '../foundation/backoff.ts';
import type { Clock } from '../foundation/clock.ts';
import { type TidemarkError, toTidemarkError } from '../foundation/errors.ts';
import type { FaultHook } from '../foundation/fault-points.ts';
import type { SourceOffset } from '../model/change-event.ts';
import { RecordBatch } from '../transport/record-batch.ts';
import type { Transport } from '../transport/transport.ts';
import type { Logger } from './logger.ts';
import { endsTransaction, type TransactionBoundary } from './transaction-boundary.ts';
import { encodeSourceOffset, toConnectEntries } from './source-offset.ts';

/** When the publisher writes and when it makes the reader wait. */
export interface PublisherLimits {
  /** A batch under this size waits a little when more input is already there. */
  readonly lingerBytes: number;
  readonly lingerMs: number;
  /**
   * A batch under this size is no load: behind a write it waits only until `lingerMs` after the
   * beginning of that, so that a slow disk holds it up once, not twice.
   */
  readonly lightBytes: number;
  /** The reader waits while a batch of this size stands behind one that is being written. */
  readonly batchBytesMax: number;
  /** An offset that moved without records (idle source) is stored this often. */
  readonly idleOffsetIntervalMs: number;
  /** Of a log that has transactions; absent: each write is one. */
  readonly boundary?: TransactionBoundary;
}

export const PUBLISHER_LIMITS: PublisherLimits = {
  lingerBytes: 1024 * 1024,
  lingerMs: 4,
  lightBytes: 64 * 1024,
  batchBytesMax: 2 * 1024 * 1024,
  idleOffsetIntervalMs: 1_000,
};

const EACH_WRITE: TransactionBoundary = { kind: 'poll' };

/** What the publisher asks its task for and tells it. */
export interface PublisherEvents {
  /** Offset to store with the records handed over so far. */
  offset(): SourceOffset;
  /**
   * Records and offset are durable. The only road to the source's confirmation. Heartbeats and
   * notifications are not counted in `records`.
   */
  durable(offset: SourceOffset, records: number): void;
  fault: FaultHook;
}

/**
 * Invariant: records durable in the transport → source offset durable (the same transaction) →
 * `durable` is called. Nothing else leads to a confirmation.
 * Why: whatever the source is told, it forgets.
 * What breaks otherwise: confirming what was received or only committed loses it at the next crash.
 *
 * Where a transaction of the log spans several writes, only the last of them is durable, and all
 * before it with it.
 *
 * Two batches take turns: one is filled by the reader while the other is written. The longer a
 * write takes, the more the next one carries: an idle pipeline is quick, a busy one efficient.
 */
export class RecordPublisher {
  readonly #transport: Transport;
  readonly #name: string;
  readonly #events: PublisherEvents;
  readonly #limits: PublisherLimits;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #signal: AbortSignal;
  #filling = new RecordBatch();
  #spare = new RecordBatch();
  #writing: Promise<void> | null = null;
  #failure: TidemarkError | null = null;
  #full: TidemarkError | null = null;
  #begunAtMs = 0;
  #cancelLinger: (() => void) | null = null;
  #held = false;
  /** Writes that have begun, and those of them that are durable. */
  #begun = 0;
  #done = 0;
  /** A heartbeat is in the batch that is being filled. */
  #beats = false;
  /** Records in it that are no events. */
  #asides = 0;
  #touched = false;
  /** Records that were written into a transaction which has not ended. */
  #open: number | null = null;
  #storedOffset: string | null;
  #storedAtMs: number;

  constructor(
    transport: Transport,
    name: string,
    events: PublisherEvents,
    dependencies: { clock: Clock; logger: Logger; signal: AbortSignal; limits?: PublisherLimits },
  ) {
    this.#transport = transport;
    this.#name = name;
    this.#events = events;
    this.#limits = dependencies.limits ?? PUBLISHER_LIMITS;
    this.#clock = dependencies.clock;
    this.#logger = dependencies.logger;
    this.#signal = dependencies.signal;
    this.#storedOffset = null;
    this.#storedAtMs = dependencies.clock.monotonicMs();
  }

  /** STORE_FULL while a batch waits for room; nobody else would tell that nothing goes on. */
  get full(): TidemarkError | null {
    return this.#full;
  }

  /** Where the encoders write; changes from flush to flush, so ask for each row. */
  get batch(): RecordBatch {
    return this.#filling;
  }

  /**
   * End of a chunk of input: writes, lingers, or (promise) makes the reader wait for room.
   * Throws the failure of an earlier write.
   */
  settle(more: boolean): Promise<void> | undefined {
    if (this.#failure !== null) throw this.#failure;
    const { lingerBytes, batchBytesMax } = this.#limits;
    const bytes = this.#filling.byteLength;
    if (this.#writing === null) {
      if (this.#hasWork()) {
        if (more && bytes < lingerBytes) this.#linger();
        else this.#write();
      } else if (!more) {
        this.#storeIdleOffset();
      }
      return undefined;
    }
    return bytes >= batchBytesMax ? this.#waitForRoom() : undefined;
  }

  /**
   * Takes in a record that is no event; it goes out soon, with the offset of that moment, as every
   * batch does. Only one waits: they must not pile up while the store is full.
   */
  heartbeat(write: (batch: RecordBatch) => void): void {
    if (this.#beats) return;
    this.#beats = this.aside(write);
  }

  /**
   * As a heartbeat, and as often as one comes: what is told about the events before it. False:
   * nothing was written.
   */
  aside(write: (batch: RecordBatch) => void): boolean {
    if (this.#failure !== null) return false;
    const before = this.#filling.count;
    try {
      write(this.#filling);
    } catch (error) {
      // A transform that cannot work on it: nobody waits here, the next chunk fails.
      this.#failure = toTidemarkError(error, 'TRANSFORM');
      return false;
    }
    // It may have been dropped, or wait for its topic.
    const added = this.#filling.count - before;
    this.#asides += added;
    if (added > 0 && this.#writing === null) this.#linger();
    return added > 0;
  }

  /** The offset has changed without an event: it is stored soon. */
  touch(): void {
    this.#touched = true;
    if (this.#writing === null && this.#failure === null) this.#linger();
  }

  /**
   * While held nothing is written: records of events that the offset counts already are not in the
   * batch yet, because a topic or schema of theirs has to be made first.
   */
  hold(held: boolean): void {
    this.#held = held;
  }

  /** Records are missing in the batch that the offset counts: it must not be flushed now. */
  get isHeld(): boolean {
    return this.#held;
  }

  /** False inside a transaction of the source that is one of the log, too: `flush` would cut it. */
  get mayFlush(): boolean {
    const { boundary = EACH_WRITE } = this.#limits;
    return boundary.kind !== 'connector' || endsTransaction(boundary, this.#events.offset(), 0);
  }

  /** Tells, whenever it is asked, whether all that was handed over before is durable. */
  watermark(): () => boolean {
    const isLeft = this.#held || this.#filling.count > 0;
    const write = isLeft ? this.#begun + 1 : this.#begun;
    return () => this.#done >= write;
  }

  /** Writes what there is, with the current offset, and resolves when it is durable. */
  async flush(): Promise<void> {
    await this.#idle();
    if (this.#failure !== null) throw this.#failure;
    this.#write(true);
    await this.#idle();
    if (this.#failure !== null) throw this.#failure;
  }

  /** Stops timers and waits for a write that is under way; what is only filled is dropped. */
  async close(): Promise<void> {
    this.#stopLinger();
    this.#filling.clear();
    await this.#idle();
    this.#filling.clear();
  }

  async #idle(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
  }

  async #waitForRoom(): Promise<void> {
    while (this.#writing !== null && this.#filling.byteLength >= this.#limits.batchBytesMax) {
      await this.#writing;
    }
    if (this.#failure !== null) throw this.#failure;
  }

  #linger(forMs: number = this.#limits.lingerMs): void {
    this.#cancelLinger ??= this.#clock.after(forMs, () => {
      this.#cancelLinger = null;
      if (this.#held) return;
      if (this.#writing === null && this.#failure === null && this.#hasWork()) this.#write();
    });
  }

  #hasWork(): boolean {
    return this.#touched || this.#filling.count > 0 || this.#open !== null;
  }

  #stopLinger(): void {
    this.#cancelLinger?.();
    this.#cancelLinger = null;
  }

  #storeIdleOffset(): void {
    const sinceMs = this.#clock.monotonicMs() - this.#storedAtMs;
    if (sinceMs < this.#limits.idleOffsetIntervalMs) return;
    if (encodeSourceOffset(this.#events.offset()) === this.#storedOffset) return;
    this.#write();
  }

  /** Swaps the batches and writes the full one; the promise never rejects. */
  #write(mustEnd = false): void {
    assert(this.#writing === null, 'one append at a time');
    this.#stopLinger();
    // Read together with the swap: the offset stands exactly after the batch's last event.
    const offset = this.#events.offset();
    const nowMs = this.#clock.monotonicMs();
    const { boundary = EACH_WRITE } = this.#limits;
    const ends = mustEnd || endsTransaction(boundary, offset, nowMs - this.#storedAtMs);
    if (!ends && this.#filling.count === 0) {
      this.#lingerForEnd(nowMs);
      return;
    }
    this.#begun++;
    this.#begunAtMs = nowMs;
    const batch = this.#filling;
    const asides = this.#asides;
    this.#filling = this.#spare;
    this.#spare = batch;
    this.#beats = false;
    this.#asides = 0;
    this.#touched = false;
    this.#writing = this.#append(batch, ends ? offset : null, batch.count - asides).then(
      () => this.#written(),
      (error: unknown) => {
        this.#failure = toTidemarkError(error, 'STORE_IO');
        this.#writing = null;
      },
    );
  }

  /** Of an interval nobody but a timer brings the end; other ends come with the source. */
  #lingerForEnd(nowMs: number): void {
    const { boundary = EACH_WRITE } = this.#limits;
    if (boundary.kind !== 'interval') return;
    this.#linger(Math.max(1, this.#storedAtMs + boundary.intervalMs - nowMs));
  }

  #written(): void {
    this.#writing = null;
    if (!this.#hasWork() || this.#signal.aborted || this.#held) return;
    const { lingerBytes, lingerMs, lightBytes } = this.#limits;
    if (this.#filling.count === 0 && this.#open !== null) {
      this.#write();
      return;
    }
    const bytes = this.#filling.byteLength;
    const pastMs = bytes < lightBytes ? this.#clock.monotonicMs() - this.#begunAtMs : 0;
    if (bytes >= lingerBytes || pastMs >= lingerMs) this.#write();
    else this.#linger(lingerMs - pastMs);
  }

  /** Without an offset the transaction stays open: nothing of it is durable yet. */
  async #append(batch: RecordBatch, offset: SourceOffset | null, records: number): Promise<void> {
    this.#events.fault('source.batch-encoded');
    const open = (this.#open ?? 0) + records;
    if (offset === null) {
      await this.#transport.append(batch, null, true);
      this.#open = open;
      batch.clear();
      return;
    }
    const stored = toConnectEntries(this.#name, offset);
    const begun = this.#begun;
    await this.#whenRoom(() =>
      batch.count > 0 ? this.#transport.append(batch, stored) : this.#transport.storeOffset(stored),
    );
    this.#events.fault('source.appended');
    this.#open = null;
    this.#storedOffset = encodeSourceOffset(offset);
    this.#storedAtMs = this.#clock.monotonicMs();
    this.#done = begun;
    this.#events.durable(offset, open);
    this.#events.fault('source.confirmed');
    batch.clear();
  }

  /** A full store makes the source wait; nothing is dropped, and it goes on when there is room. */
  async #whenRoom(write: () => Promise<void>): Promise<void> {
    const backoff = new Backoff({ initialMs: 200, maxMs: 10_000 });
    for (;;) {
      try {
        await write();
        this.#full = null;
        return;
      } catch (thrown) {
        const error = toTidemarkError(thrown, 'STORE_IO');
        if (error.code !== 'STORE_FULL' || this.#signal.aborted) throw error;
        this.#full = error;
        const delayMs = backoff.nextDelayMs();
        this.#logger.error({ code: error.code, cure: error.cure, delayMs }, error.message);
        await this.#clock.sleep(delayMs, this.#signal);
        if (!this.#signal.aborted) continue;
        this.#full = null;
        throw error;
      }
    }
  }
}
