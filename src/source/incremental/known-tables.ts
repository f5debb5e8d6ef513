/** Which tables have been captured before, kept durably by the runtime. */
export interface KnownTables {
  /** Names `schema.table`; null: nothing was ever kept. */
  load(): readonly string[] | null;
  store(names: readonly string[]): Promise<void>;
}

/** A text for each table, kept durably by the runtime. */
export interface StoredTables {
  /** By `schema.table`; null: nothing was ever kept. */
  load(table: string): string | null;
  store(table: string, text: string): Promise<void>;
}
