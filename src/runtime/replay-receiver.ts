import { must } from '../foundation/assert.ts';
import type {
  BinlogOrigin,
  ChangeOrigin,
  MessageChange,
  RowChange,
  SchemaChange,
  SchemaStatement,
  SourceOffset,
  SourceReader,
  TruncateChange,
} from '../model/change-event.ts';
import type { SourcePlaces } from '../model/source-places.ts';
import { tableName, type TableId } from '../model/table-schema.ts';
import { RecordBatch } from '../transport/record-batch.ts';
import type { SourceHolds } from './source-holds.ts';
import type { SourceTaskParts } from './source-task-parts.ts';
import { TaskReceiver } from './task-receiver.ts';

/** How often the server is asked how far it is: what it has for us may end before the goal. */
const ASK_INTERVAL_MS = 200;

/** Whom a life that reads again tells what. */
interface ReplayEvents {
  readonly wake: () => void;
  readonly durable: (offset: SourceOffset) => void;
  /** It has come to where the others are. */
  readonly reached: () => void;
}

/**
 * Reads again, from where tables have waited in the log of the server, up to where the others are:
 * of these nothing is told, and the life is over there.
 */
export class ReplayReceiver extends TaskReceiver {
  readonly #parts: SourceTaskParts;
  readonly #reader: SourceReader;
  readonly #holds: SourceHolds;
  readonly #places: SourcePlaces;
  readonly #until: SourceOffset;
  readonly #reached: () => void;
  /** Transactions were told before: only their counts go on. */
  readonly #nowhere = new RecordBatch();
  /** Where the tables began to wait, as this life found it. */
  readonly #from: ReadonlyMap<string, SourceOffset>;
  #isOver = false;
  #cancelAsk: (() => void) | null = null;

  constructor(
    parts: SourceTaskParts,
    reader: SourceReader,
    signal: AbortSignal,
    events: ReplayEvents,
  ) {
    super(parts, reader, signal, events.wake, events.durable);
    this.#parts = parts;
    this.#reader = reader;
    const { tables: gates } = must(parts.gates, 'gates');
    const holds = gates.source;
    this.#holds = holds;
    this.#places = gates.parts.places;
    this.#until = must(holds.replayedUntil, 'the end of what is read again');
    this.#reached = events.reached;
    const tables = holds.tables().map((table) => [table, holds.fromOf(table)] as const);
    this.#from = new Map(tables.flatMap(([table, from]) => (from === null ? [] : [[table, from]])));
    this.#ask();
  }

  /** Stops asking. */
  close(): void {
    this.#cancelAsk?.();
    this.#cancelAsk = null;
  }

  #ask(): void {
    this.#cancelAsk = this.#parts.clock.after(ASK_INTERVAL_MS, () => {
      if (this.#reader.status().phase === 'streaming') this.#reader.nudge?.();
      this.#ask();
    });
  }

  override schemaChanged(change: SchemaChange): Promise<void> | undefined {
    // The others are told of theirs by the life that follows.
    const isOurs = !this.#isOver && this.#holds.isReplayed(tableName(change.table.id));
    return isOurs ? super.schemaChanged(change) : undefined;
  }

  protected override isOfBefore(change: SchemaChange): boolean {
    const { event, table } = change;
    const from = this.#from.get(tableName(table.id));
    const isEarlier = event !== undefined && from !== undefined && this.#lies(event, from);
    return isEarlier || super.isOfBefore(change);
  }

  override row(change: RowChange): void {
    // What is read beside the stream is read by other lives.
    if (change.snapshot !== 'false' || !this.#isBefore(change)) return;
    if (this.#isOurs(change, change.table.id)) super.row(change);
    else this.count(change);
  }

  override truncate(change: TruncateChange): void {
    if (change.ordinal < 0 || !this.#isBefore(change)) return;
    if (this.#isOurs(change, change.table.id)) super.truncate(change);
    else this.count(change);
  }

  override message(change: MessageChange): undefined {
    if (!this.#isBefore(change)) return;
    const { transactions } = this.#parts;
    if (!change.transactional) return;
    transactions?.enter(change, this.#nothing());
    transactions?.messageBlock(change);
  }

  override statement({ origin }: SchemaStatement): undefined {
    this.#isBefore(origin);
  }

  override began(origin: BinlogOrigin): void {
    if (this.#isBefore(origin)) super.began(origin);
  }

  override committed(origin: ChangeOrigin): void {
    if (this.#isBefore(origin)) super.committed(origin);
  }

  override settle(more: boolean): Promise<void> | undefined {
    if (!this.#isOver && this.#isPast()) this.#end();
    return super.settle(more);
  }

  protected override transactionOutput(): RecordBatch {
    return this.#nothing();
  }

  #nothing(): RecordBatch {
    this.#nowhere.clear();
    return this.#nowhere;
  }

  #isPast(): boolean {
    const has = (end: string): boolean => this.#reader.hasReceived(end);
    return this.#places.isPast(this.#until, this.#reader.offset(), has);
  }

  #isBefore(event: ChangeOrigin): boolean {
    if (this.#isOver) return false;
    if (this.#lies(event, this.#until)) return true;
    this.#end();
    return false;
  }

  /** Tables that wait began to do so at places of their own. */
  #isOurs(event: ChangeOrigin, id: TableId): boolean {
    const table = tableName(id);
    if (!this.#holds.isReplayed(table)) return false;
    const from = this.#from.get(table);
    return from === undefined || !this.#lies(event, from);
  }

  #lies(event: ChangeOrigin, before: SourceOffset): boolean {
    return this.#places.isBefore(event, before, () => this.#reader.offset());
  }

  #end(): void {
    this.#isOver = true;
    // From here on the reader's offset says nothing of them.
    this.#holds.finish();
    this.close();
    this.#reached();
  }
}
