import type { ChangeOrigin, RowChange, SchemaChange } from '../model/change-event.ts';
import type { TableSchema } from '../model/table-schema.ts';
import { tableName } from '../model/table-schema.ts';
import { LatencyHistogram } from './latency-histogram.ts';

/** Last change of a table's shape, for status and terminal. */
export interface SchemaChangeNote {
  readonly table: string;
  readonly version: number;
  readonly atMs: number;
  /** One line, e.g. `+ loyalty integer` or `first seen`. */
  readonly summary: string;
}

/** Of one table, over all versions of its shape. */
export interface TableCounts {
  /** The newest. */
  schema: TableSchema;
  events: number;
  lastChange: { readonly atMs: number; readonly summary: string } | null;
}

/** Counters of one source task: plain numbers, changed once per event, read by the status. */
export class SourceStatistics {
  creates = 0;
  updates = 0;
  deletes = 0;
  reads = 0;
  truncates = 0;
  messages = 0;
  transactions = 0;
  recordsPublished = 0;
  lastEventAtMs: number | null = null;
  /** When anything of the source became durable last: events, heartbeats, an idle position. */
  lastDurableAtMs: number | null = null;
  lastTransactionId: number | string | null = null;
  lastSchemaChange: SchemaChangeNote | null = null;
  snapshotDone = false;
  snapshotBeganAtMs: number | null = null;
  snapshotEndedAtMs: number | null = null;
  /** Commit in the source to durable in the log, ms: one sample per append, of its last commit. */
  readonly latency = new LatencyHistogram();
  readonly #tables = new Map<string, TableCounts>();
  /** By the version: rows look nothing up while they are of one table. */
  readonly #counts = new WeakMap<TableSchema, TableCounts>();
  #lastTable: TableSchema | null = null;
  #lastCounts: TableCounts | null = null;
  /** Commit time of the last transaction that no append has had yet. */
  #committedMicros: bigint | null = null;

  get events(): number {
    return this.creates + this.updates + this.deletes + this.reads + this.truncates + this.messages;
  }

  /** By name: all tables that were seen. */
  get tables(): ReadonlyMap<string, Readonly<TableCounts>> {
    return this.#tables;
  }

  row(change: RowChange): void {
    if (change.table !== this.#lastTable) this.#turnTo(change.table);
    (this.#lastCounts as TableCounts).events++;
    switch (change.op) {
      case 'c':
        this.creates++;
        break;
      case 'u':
        this.updates++;
        break;
      case 'd':
        this.deletes++;
        break;
      case 'r':
        this.reads++;
        break;
    }
  }

  truncated(): void {
    this.truncates++;
  }

  message(): void {
    this.messages++;
  }

  committed(origin: ChangeOrigin): void {
    this.transactions++;
    this.lastTransactionId = origin.transactionId;
    this.#committedMicros = origin.sourceMicros;
  }

  published(records: number, nowMs: number): void {
    this.recordsPublished += records;
    this.lastDurableAtMs = nowMs;
    if (records === 0) return;
    this.lastEventAtMs = nowMs;
    const committed = this.#committedMicros;
    if (committed === null) return;
    this.latency.record(Math.max(0, nowMs - Number(committed / 1000n)));
    this.#committedMicros = null;
  }

  snapshotBegan(nowMs: number): void {
    this.snapshotBeganAtMs = nowMs;
    this.snapshotEndedAtMs = null;
    this.snapshotDone = false;
  }

  snapshotCompleted(nowMs: number): void {
    this.snapshotDone = true;
    this.snapshotEndedAtMs = nowMs;
  }

  /** What is left of it is read beside the stream. */
  snapshotReleased(nowMs: number): void {
    this.snapshotEndedAtMs ??= nowMs;
  }

  #turnTo(table: TableSchema): void {
    this.#lastTable = table;
    this.#lastCounts = this.#counts.get(table) ?? this.#remembered(table);
  }

  #remembered(table: TableSchema): TableCounts {
    const name = tableName(table.id);
    const counts = this.#tables.get(name) ?? { schema: table, events: 0, lastChange: null };
    counts.schema = table;
    this.#tables.set(name, counts);
    this.#counts.set(table, counts);
    return counts;
  }

  schemaChanged(change: SchemaChange, nowMs: number): void {
    const table = tableName(change.table.id);
    const summary = change.previous === null ? 'first seen' : describeChange(change);
    const counts = this.#remembered(change.table);
    if (change.previous !== null) counts.lastChange = { atMs: nowMs, summary };
    if (change.previous === null && this.lastSchemaChange?.summary !== 'first seen') {
      if (this.lastSchemaChange !== null) return;
    }
    this.lastSchemaChange = { table, version: change.table.version, atMs: nowMs, summary };
  }
}

/** What differs between two shapes of a table, in a few words. */
export function describeChange(change: SchemaChange): string {
  const before = new Map(change.previous?.columns.map((column) => [column.name, column]));
  const after = new Map(change.table.columns.map((column) => [column.name, column]));
  const parts: string[] = [];
  for (const [name, column] of after) {
    const old = before.get(name);
    if (old === undefined) parts.push(`+ ${name} ${column.sourceType}`);
    else if (old.sourceType !== column.sourceType) {
      parts.push(`${name} ${old.sourceType} → ${column.sourceType}`);
    } else if (old.schema.optional !== column.schema.optional) {
      parts.push(`${name} ${column.schema.optional ? 'nullable' : 'not null'}`);
    }
  }
  for (const name of before.keys()) if (!after.has(name)) parts.push(`- ${name}`);
  if (parts.length === 0) parts.push('key, default or identity changed');
  return parts.join(', ');
}
