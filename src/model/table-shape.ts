import type { ReplicaIdentity, TableId, TableSchema } from './table-schema.ts';

/**
 * A table as its source describes it, in words that all families share: what people are told when
 * it changes. `TableSchema` says what records look like; this also has what records do not show.
 * JSON values only: it is kept, and compared after a restart. Only what is captured is in it, so
 * that a difference is always one that somebody may have to know of.
 */
export interface TableShape {
  readonly id: TableId;
  /** Tells it from another table of the same name (an oid); null: the source has no such thing. */
  readonly incarnation: string | null;
  readonly columns: readonly ColumnShape[];
  /** Columns by which records are keyed, in their order; empty: none. */
  readonly key: readonly string[];
  /** Null: the source has none (a binlog). */
  readonly replicaIdentity: ReplicaIdentity | null;
  /** What new text columns get; null: there is no such thing, or it does not matter. */
  readonly charset: string | null;
  /** Null: none, or comments are not captured. */
  readonly comment: string | null;
}

/** A captured column. */
export interface ColumnShape {
  readonly name: string;
  /** Stays when it is renamed (attnum); null: the source has no such thing. */
  readonly number: number | null;
  /** As the server prints it, with length or precision, without charset and members. */
  readonly type: string;
  readonly nullable: boolean;
  /** As the server prints it; null: none. */
  readonly default: string | null;
  /** How it is computed; null: it is stored as it was given. */
  readonly generated: string | null;
  /** IDENTITY or AUTO_INCREMENT, in the server's words; null: neither. */
  readonly counted: string | null;
  /** Of an enum or set, in order; null: it is none. */
  readonly members: readonly string[] | null;
  /** Character set or collation; null: no text, or that of everybody. */
  readonly charset: string | null;
  /** Null: none, or comments are not captured. */
  readonly comment: string | null;
}

/** A shape with the form that its records have. */
export interface ShapedTable {
  readonly shape: TableShape;
  /** Null: it cannot be captured in this shape, or is not known any more. */
  readonly schema: TableSchema | null;
  /** Why it cannot be captured in this shape. */
  readonly problem?: string;
}

/** DDL that changed stored rows without a row event (ruling 5). */
export interface RewriteFact {
  /** The same for the same change of rows. */
  readonly id: string;
  readonly reason: string;
  /** What is done about it. */
  readonly follows: string;
}

/** What a source saw happen to a table. */
export interface ShapeEvent {
  /** The same whenever the same thing is found, also after a restart: where it stands. */
  readonly key: string;
  /** Null: there was none, or nothing is known of it. */
  readonly before: ShapedTable | null;
  /** Null: there is none any more. */
  readonly after: ShapedTable | null;
  /** Its rows were taken away by TRUNCATE. */
  readonly truncated?: true;
  /** Another table has its name now, with rows of its own. */
  readonly recreated?: true;
  readonly rewrites?: RewriteFact;
  /** As the source prints it. */
  readonly position: string | null;
  /** By the source's clock where that is known. */
  readonly atMs: number;
  /** The statements, where they are known. */
  readonly ddl: string | null;
  /** Who sent them, where that is known. */
  readonly by?: string;
  /** It matches the lists, and its changes do not come yet. */
  readonly isUncaptured?: true;
}

/** What somebody was told of a table last. */
export interface KnownShape {
  /** Counts what was told, from 1. */
  readonly version: number;
  /** Null: the table had gone. */
  readonly shape: TableShape | null;
  /** `id` of the last change of rows that was told. */
  readonly rewritten?: string;
}

/** Who is told of shapes. */
export interface ShapeListener {
  /** By `schema.table`; null: nothing was ever told of it. */
  known(table: string): KnownShape | null;
  /** Makes sure that what was told before a crash, or a failure, has arrived; cheap if it has. */
  caughtUp(): Promise<void>;
  /** The first sight of a table that is no news to anybody. */
  seen(table: ShapedTable, position: string | null): Promise<void>;
  /** Resolves when what follows from it outlives the process: an offset behind it may be stored. */
  changed(event: ShapeEvent): Promise<void>;
}
