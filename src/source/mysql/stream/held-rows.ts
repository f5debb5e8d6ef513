import { TidemarkError } from '../../../foundation/errors.ts';

/** An event as it came; `inner`: of a compressed transaction, and without a checksum. */
export interface KeptEvent {
  readonly bytes: Buffer;
  readonly inner: boolean;
}

/**
 * Table maps and rows of prepared transactions (PITFALLS B32), until their outcome comes. They are
 * in memory only: the stored offset lies before them, so that the server sends them again.
 */
export class HeldRows {
  readonly #bytesMax: number;
  readonly #byId = new Map<string, readonly KeptEvent[]>();
  #open: KeptEvent[] = [];
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Copies an event of the open transaction. */
  keep(bytes: Buffer, start: number, end: number, inner: boolean): void {
    this.#bytes += end - start;
    if (this.#bytes > this.#bytesMax) {
      throw new TidemarkError(
        'MYSQL_BINLOG_SETTINGS',
        `prepared XA transactions have more than ${this.#bytesMax} bytes of rows`,
        { cure: 'XA RECOVER; shows those that wait: XA COMMIT or XA ROLLBACK ends them.' },
      );
    }
    this.#open.push({ bytes: Buffer.from(bytes.subarray(start, end)), inner });
  }

  /** The open transaction is prepared under this name. */
  prepared(id: string): void {
    this.take(id);
    this.#byId.set(id, this.#open);
    this.#open = [];
  }

  /** What was kept under a name, and no longer is; undefined: nothing was prepared by it. */
  take(id: string): readonly KeptEvent[] | undefined {
    const events = this.#byId.get(id);
    this.#byId.delete(id);
    this.#forget(events ?? []);
    return events;
  }

  /** What the open transaction kept: it committed in one phase. */
  takeOpen(): readonly KeptEvent[] {
    const events = this.#open;
    if (events.length === 0) return events;
    this.#open = [];
    this.#forget(events);
    return events;
  }

  #forget(events: readonly KeptEvent[]): void {
    for (const { bytes } of events) this.#bytes -= bytes.length;
  }
}

/** Rows that were prepared before the stream began, and are committed in it. */
export function preparedBefore(id: string): TidemarkError {
  return new TidemarkError(
    'MYSQL_BINLOG_SETTINGS',
    `XA COMMIT ${id.slice(0, 80)}: it was prepared before the place where the stream began`,
    { cure: 'What it changed is not known: snapshot the tables anew.' },
  );
}
