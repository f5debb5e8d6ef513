/** Which tables have been captured before, kept durably by the runtime. */
export interface KnownTables {
  /** Names `schema.table`; null: nothing was ever kept. */
  load(): readonly string[] | null;
  store(names: readonly string[]): Promise<void>;
}
