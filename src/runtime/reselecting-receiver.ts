import type {
  BinlogOrigin,
  ChangeOrigin,
  ChangeReceiver,
  MessageChange,
  RowChange,
  SchemaChange,
  SchemaStatement,
  SourceOffset,
  TruncateChange,
} from '../model/change-event.ts';
import { RowImage } from '../model/row-image.ts';
import type { GapStep, SourceGap } from '../model/source-gap.ts';
import type { TableSchema } from '../model/table-schema.ts';

/** What fills in the values that rows lack. */
export interface Reselector {
  /** The row has to wait for a value. */
  wants(change: RowChange): boolean;
  /** Fills in what can be had; throws what stops the task. */
  fillIn(rows: readonly { readonly change: RowChange }[], signal: AbortSignal): Promise<void>;
}

type Waiting =
  | { readonly kind: 'row'; readonly change: RowChange }
  | { readonly kind: 'truncate'; readonly change: TruncateChange }
  | { readonly kind: 'began'; readonly origin: BinlogOrigin }
  | { readonly kind: 'committed'; readonly origin: ChangeOrigin };

/** Puts reselectors in front of a receiver, the first of them next to the reader. */
export function reselecting(
  receiver: ChangeReceiver,
  reselectors: readonly Reselector[],
  hold: (held: boolean) => void,
  signal: AbortSignal,
): { readonly first: ChangeReceiver; readonly isWaiting: () => boolean } {
  let first: ChangeReceiver = receiver;
  const chain: ReselectingReceiver[] = [];
  for (const reselector of reselectors.toReversed()) {
    const next = new ReselectingReceiver(first, reselector, hold, signal);
    chain.push(next);
    first = next;
  }
  return { first, isWaiting: () => chain.some(({ isWaiting }) => isWaiting) };
}

/**
 * Stands between reader and task: a row that lacks values waits for them until the end of the
 * chunk, and all that follows waits behind it, so that the order stays. Invariant: while something
 * waits, no offset is stored (`hold`), because the reader's offset counts it already.
 */
export class ReselectingReceiver implements ChangeReceiver {
  readonly #inner: ChangeReceiver;
  readonly #reselector: Reselector;
  readonly #hold: (held: boolean) => void;
  readonly #signal: AbortSignal;
  #waiting: Waiting[] = [];

  constructor(
    inner: ChangeReceiver,
    reselector: Reselector,
    hold: (held: boolean) => void,
    signal: AbortSignal,
  ) {
    this.#inner = inner;
    this.#reselector = reselector;
    this.#hold = hold;
    this.#signal = signal;
  }

  /** Something was handed over that the task has not got: nothing may be stored any more. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  async logOpened(log: string, resumes: boolean): Promise<void> {
    await this.#inner.logOpened?.(log, resumes);
  }

  async snapshotStarted(tables: readonly TableSchema[], offset: SourceOffset): Promise<void> {
    await this.#drain();
    await this.#inner.snapshotStarted(tables, offset);
  }

  async snapshotCompleted(offset: SourceOffset): Promise<void> {
    await this.#drain();
    await this.#inner.snapshotCompleted(offset);
  }

  async gapReached(step: GapStep, gap: SourceGap): Promise<void> {
    await this.#drain();
    await this.#inner.gapReached?.(step, gap);
  }

  schemaChanged(change: SchemaChange): Promise<void> | undefined {
    if (!this.isWaiting) return this.#inner.schemaChanged(change);
    return this.#drain().then(() => this.#inner.schemaChanged(change));
  }

  began(origin: BinlogOrigin): void {
    if (this.isWaiting) this.#waiting.push({ kind: 'began', origin: { ...origin } });
    else this.#inner.began?.(origin);
  }

  statement(statement: SchemaStatement): Promise<void> | undefined {
    if (!this.isWaiting) return this.#inner.statement?.(statement);
    return this.#drain().then(() => this.#inner.statement?.(statement));
  }

  row(change: RowChange): void {
    if (this.isWaiting) {
      this.#waiting.push({ kind: 'row', change: copyOf(change) });
    } else if (this.#reselector.wants(change)) {
      this.#hold(true);
      this.#waiting.push({ kind: 'row', change: copyOf(change) });
    } else {
      this.#inner.row(change);
    }
  }

  truncate(change: TruncateChange): void {
    if (this.isWaiting) this.#waiting.push({ kind: 'truncate', change: { ...change } });
    else this.#inner.truncate(change);
  }

  message(change: MessageChange): Promise<void> | undefined {
    if (!this.isWaiting) return this.#inner.message(change);
    // The reader may go on with its own object only when this is over.
    return this.#drain().then(() => this.#inner.message(change));
  }

  committed(origin: ChangeOrigin): void {
    if (this.isWaiting) this.#waiting.push({ kind: 'committed', origin: { ...origin } });
    else this.#inner.committed(origin);
  }

  settle(more: boolean): Promise<void> | undefined {
    if (!this.isWaiting) return this.#inner.settle(more);
    return this.#drain().then(() => this.#inner.settle(more));
  }

  async #drain(): Promise<void> {
    if (!this.isWaiting) return;
    const rows = this.#waiting.filter((entry) => entry.kind === 'row');
    await this.#reselector.fillIn(rows, this.#signal);
    const waiting = this.#waiting;
    this.#waiting = [];
    // Without a pause from here on: the task may hold again, for a schema that has to be made.
    this.#hold(false);
    for (const entry of waiting) this.#deliver(entry);
  }

  #deliver(entry: Waiting): void {
    switch (entry.kind) {
      case 'row':
        this.#inner.row(entry.change);
        break;
      case 'truncate':
        this.#inner.truncate(entry.change);
        break;
      case 'began':
        this.#inner.began?.(entry.origin);
        break;
      case 'committed':
        this.#inner.committed(entry.origin);
        break;
    }
  }
}

/** The reader uses its objects again for the next row. */
function copyOf(change: RowChange): RowChange {
  const copied = (image: RowImage | null): RowImage | null => {
    if (image === null) return null;
    const copy = new RowImage();
    copy.copyFrom(image);
    return copy;
  };
  return { ...change, before: copied(change.before), after: copied(change.after) };
}
