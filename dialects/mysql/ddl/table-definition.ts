/** A type with all that the statement left open filled in, as the server would show it. */
export interface ColumnType {
  /** DATA_TYPE of information_schema: `int`, `varchar`, `geometrycollection` on any version. */
  readonly base: string;
  /** Display width, characters, bytes, bits, precision, digits of the fraction, dimensions. */
  readonly length: number | null;
  readonly scale: number | null;
  readonly unsigned: boolean;
  readonly zerofill: boolean;
  readonly members: readonly string[] | null;
  /** Null: no text. utf8 is always called utf8mb3 here. */
  readonly charset: string | null;
  readonly collation: string | null;
}

/** The default of a column; of one without (null) that is nullable it is NULL. */
export type ColumnDefault =
  /** `text` as the server shows it, `written` as the statement had it between its quotes. */
  | { readonly kind: 'literal'; readonly text: string; readonly written: string }
  /** Binary digits, without leading zeros. */
  | { readonly kind: 'bits'; readonly text: string; readonly written: string }
  | { readonly kind: 'now'; readonly fraction: number; readonly written: string }
  | { readonly kind: 'expression'; readonly text: string }
  | null;

/** The type in the words of the statement, which Debezium's records repeat. */
export interface DeclaredType {
  /** `INT UNSIGNED`. */
  readonly name: string;
  readonly length: number | null;
  readonly scale: number | null;
  /** Members with their quotes. */
  readonly members: readonly string[] | null;
}

/** A column of a table. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: ColumnType;
  readonly declared: DeclaredType;
  readonly nullable: boolean;
  readonly default: ColumnDefault;
  /** The fraction of ON UPDATE CURRENT_TIMESTAMP; null: none. */
  readonly onUpdateNow: number | null;
  readonly autoIncrement: boolean;
  readonly generated: 'virtual' | 'stored' | 'row-start' | 'row-end' | null;
  readonly invisible: boolean;
  readonly compressed: boolean;
  readonly comment: string;
}

/** A key; names of indexes are unique in a table, and `PRIMARY` is the primary key's. */
export interface TableKey {
  readonly kind: 'primary' | 'unique' | 'index';
  readonly name: string;
  readonly parts: readonly TableKeyPart[];
}

/** A column of a key, a prefix of one, or an expression (null). */
export interface TableKeyPart {
  readonly column: string | null;
  readonly length: number | null;
}

/** A table at one version of its definition: a change makes a new one. */
export interface TableDefinition {
  readonly database: string;
  readonly name: string;
  /** A sequence of MariaDB is stored as a table, and its rows are no data (PITFALLS B109). */
  readonly kind: 'table' | 'sequence';
  readonly columns: readonly ColumnDefinition[];
  readonly keys: readonly TableKey[];
  readonly charset: string;
  readonly collation: string;
  readonly comment: string;
  /** Rows carry row_start and row_end behind all columns that are listed (PITFALLS B54). */
  readonly hasHiddenPeriod: boolean;
}
