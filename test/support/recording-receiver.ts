import type {
  PostgresOrigin,
  ChangeReceiver,
  MessageChange,
  PostgresRowChange,
  SchemaChange,
  SnapshotMarker,
  SourceOffset,
  SourceReader,
  PostgresTruncateChange,
} from '../../src/model/change-event.ts';
import type { RowImage } from '../../src/model/row-image.ts';
import { ValueKind } from '../../src/model/row-image.ts';
import type { TableSchema } from '../../src/model/table-schema.ts';

/** A row as text by column name; a column that is absent has the value `undefined`. */
export type RecordedRow = Readonly<Record<string, string | null | undefined>>;

export interface RecordedEvent {
  readonly op: 'c' | 'u' | 'd' | 'r' | 't' | 'm';
  /** Of a message: its prefix. */
  readonly table: string;
  readonly before: RecordedRow | null;
  readonly keyOnly: boolean;
  readonly after: RecordedRow | null;
  readonly commitLsn: bigint;
  readonly lsn: bigint;
  readonly ordinal: number;
  readonly transactionId: number | null;
  readonly version: number;
  readonly snapshot: SnapshotMarker;
}

interface Waiter {
  readonly check: () => boolean;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Stands in for the runtime: keeps what it is given as text, and makes it durable at every `settle`
 * (or only when the test says so). What is not durable is forgotten by `crash`.
 */
export class RecordingReceiver implements ChangeReceiver {
  /** Durable events, over all runs. */
  readonly events: RecordedEvent[] = [];
  readonly schemas: SchemaChange[] = [];
  readonly commits: PostgresOrigin[] = [];
  stored: SourceOffset | null = null;
  reader: SourceReader | undefined;
  /** Set by a test: what `settle` waits for. */
  gate: Promise<void> | undefined;
  /** False: nothing becomes durable until `flush`. */
  autoFlush = true;
  /** Called after each row; may throw or cut. */
  onRow: (count: number) => void = () => undefined;
  snapshots = 0;
  #pending: RecordedEvent[] = [];
  #rows = 0;
  #waiters: Waiter[] = [];
  #failure: unknown;

  async snapshotStarted(_tables: readonly TableSchema[], offset: SourceOffset): Promise<void> {
    this.snapshots++;
    this.events.length = 0;
    this.#pending = [];
    this.stored = offset;
    await Promise.resolve();
  }

  async snapshotCompleted(offset: SourceOffset): Promise<void> {
    this.stored = offset;
    this.#keep();
    await Promise.resolve();
    this.#wake();
  }

  schemaChanged(change: SchemaChange): Promise<void> | undefined {
    this.schemas.push(change);
    return undefined;
  }

  row(change: PostgresRowChange): void {
    this.#pending.push({
      op: change.op,
      table: change.table.id.table,
      before: rowOf(change.table, change.before, change.beforeIsKeyOnly),
      keyOnly: change.beforeIsKeyOnly,
      after: rowOf(change.table, change.after, false),
      commitLsn: change.commitLsn,
      lsn: change.lsn,
      ordinal: change.ordinal,
      transactionId: change.transactionId,
      version: change.table.version,
      snapshot: change.snapshot,
    });
    this.onRow(++this.#rows);
  }

  truncate(change: PostgresTruncateChange): void {
    this.#pending.push({
      op: 't',
      table: change.table.id.table,
      before: null,
      keyOnly: false,
      after: null,
      commitLsn: change.commitLsn,
      lsn: change.lsn,
      ordinal: change.ordinal,
      transactionId: change.transactionId,
      version: change.table.version,
      snapshot: change.snapshot,
    });
  }

  message(change: MessageChange): undefined {
    this.#pending.push({
      op: 'm',
      table: change.prefix,
      before: null,
      keyOnly: false,
      after: { content: change.content.toString(), transactional: String(change.transactional) },
      commitLsn: change.commitLsn,
      lsn: change.lsn,
      ordinal: change.ordinal,
      transactionId: change.transactionId,
      version: 0,
      snapshot: change.snapshot,
    });
    return undefined;
  }

  committed(origin: PostgresOrigin): void {
    this.commits.push({ ...origin });
  }

  settle(): Promise<void> | undefined {
    if (this.autoFlush) this.flush();
    return this.gate;
  }

  /** Records and offset become durable together; then the source is told. */
  flush(): void {
    if (this.reader === undefined) return;
    // First, since conditions are judged with each event, and some ask for the offset as well.
    this.stored = this.reader.offset();
    this.#keep();
    this.reader.confirm(this.stored);
    this.#wake();
  }

  /** What was handed over and is not durable is gone, as after kill -9. */
  crash(): void {
    this.#pending = [];
  }

  /**
   * Resolves when the durable events fulfil the condition, also if they did so for one event only:
   * where more come than were waited for, what is expected of them says so.
   */
  async until(check: (events: readonly RecordedEvent[]) => boolean): Promise<void> {
    if (check(this.events)) return;
    if (this.#failure !== undefined) throw this.#failure;
    await new Promise<void>((resolve, reject) => {
      this.#waiters.push({ check: () => check(this.events), resolve, reject });
    });
  }

  /** The source has ended with this error: nobody need wait any longer. */
  fail(reason: unknown): void {
    this.#failure = reason;
    for (const { reject } of this.#waiters) reject(reason);
    this.#waiters = [];
  }

  /** A new run begins. */
  attach(reader: SourceReader): void {
    this.reader = reader;
    this.#failure = undefined;
  }

  #keep(): void {
    for (const event of this.#pending) {
      this.events.push(event);
      if (this.#waiters.length > 0) this.#wake();
    }
    this.#pending = [];
  }

  #wake(): void {
    this.#waiters = this.#waiters.filter(({ check, resolve }) => {
      if (!check()) return true;
      resolve();
      return false;
    });
  }
}

function rowOf(table: TableSchema, image: RowImage | null, keyOnly: boolean): RecordedRow | null {
  if (image === null) return null;
  const entries = table.columns
    .filter((column) => !keyOnly || column.identity)
    .map((column) => {
      const kind = image.kinds[column.tupleIndex];
      const value = kind === ValueKind.absent ? undefined : image.text(column.tupleIndex);
      return [column.name, value] as const;
    });
  return Object.fromEntries(entries);
}
