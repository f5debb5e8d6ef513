/** A table or view by schema and name. */
export interface NamedTable {
  readonly schema: string;
  readonly table: string;
}

/** What a chunk of TimescaleDB belongs to. */
export interface Hypertable {
  readonly hypertable: NamedTable;
  /** The continuous aggregate whose rows the hypertable holds; null: none. */
  readonly aggregate: NamedTable | null;
}

/** Hypertables by `chunkKey`. */
export type Hypertables = ReadonlyMap<string, Hypertable>;

/** Asks the database of the source which chunks belong to which hypertable. */
export interface HypertableCatalog {
  /** All of them, as they are when queries see what this transaction did; null: as they are. */
  load(transactionId: number | null, signal: AbortSignal): Promise<Hypertables>;
}

/** Schema and table as one key; names may have dots. */
export function chunkKey({ schema, table }: NamedTable): string {
  return JSON.stringify([schema, table]);
}
