/** What a table is refused for. */
export interface PlannedRefusal {
  readonly message: string;
  readonly cure: string;
  /** The table would be parked, or held; or its records would be dead letters. */
  readonly fate: 'parked' | 'held' | 'dead letters';
}

/** A table that a topic goes to. */
export interface PlannedSinkTable {
  readonly topic: string;
  readonly table: string;
  /** Null: the target was not asked. */
  readonly exists: boolean | null;
  readonly statements: readonly string[];
  /** Of each statement what it does to a table that is there; null: it makes something. */
  readonly effects: readonly (string | null)[];
  /** Why the table does not take its records, what to do, and what would become of them. */
  readonly refusal: PlannedRefusal | null;
}

/** What a sink would find or make in its target. */
export interface PlannedSink {
  readonly name: string;
  /** Absent: it writes tables. Null: standard output. */
  readonly file?: string | null;
  /** Why the target could not be asked; null: it was. Then the statements make what is missing. */
  readonly unseen: string | null;
  readonly tables: readonly PlannedSinkTable[];
}
