/** A table as a statement names it; null: the one in use. */
export interface TableName {
  readonly database: string | null;
  readonly name: string;
}

/** The type as it is written, synonyms resolved to the words that the server itself uses. */
export interface TypeSyntax {
  /** What information_schema calls DATA_TYPE, before lengths and character sets have their say. */
  readonly base: string;
  /** The words that were written, in capitals: `INT`, `NATIONAL VARCHAR`, `BOOLEAN`. */
  readonly written: string;
  readonly length: number | null;
  readonly scale: number | null;
  readonly unsigned: boolean;
  readonly zerofill: boolean;
  readonly members: readonly string[] | null;
  /** The members as they stand in the statement, with their quotes. */
  readonly writtenMembers: readonly string[] | null;
  readonly charset: string | null;
  readonly collation: string | null;
  /** The attribute BINARY: the character set's `_bin` collation. */
  readonly isBinaryCollation: boolean;
}

/** What stands behind DEFAULT. */
export type DefaultSyntax =
  | { readonly kind: 'null' }
  /** `text` is the meaning, `written` what stands between the quotes, or the number. */
  | { readonly kind: 'string' | 'number'; readonly text: string; readonly written: string }
  /** X'…' and B'…', 0x and 0b, with their digits. */
  | { readonly kind: 'hex' | 'bits'; readonly text: string; readonly written: string }
  | { readonly kind: 'now'; readonly written: string; readonly fraction: number }
  | { readonly kind: 'expression'; readonly text: string };

/** A column as CREATE TABLE, ADD, MODIFY and CHANGE define it. */
export interface ColumnSyntax {
  readonly name: string;
  readonly type: TypeSyntax;
  /** True: NULL, false: NOT NULL, null: neither is written. */
  readonly nullable: boolean | null;
  readonly default: DefaultSyntax | null;
  /** The fraction of ON UPDATE CURRENT_TIMESTAMP; null: none. */
  readonly onUpdateNow: number | null;
  readonly autoIncrement: boolean;
  readonly generated: 'virtual' | 'stored' | 'row-start' | 'row-end' | null;
  readonly invisible: boolean;
  readonly comment: string | null;
  /** Keys that its own attributes make: SERIAL PRIMARY KEY has two. */
  readonly keys: readonly ('primary' | 'unique')[];
  /** MariaDB: COMPRESSED. */
  readonly compressed: boolean;
}

/** A part of a key; a null name is an expression. */
export interface KeyPart {
  readonly column: string | null;
  /** The length of a prefix. */
  readonly length: number | null;
}

/** A key of a table, named or not; a foreign key makes an index. */
export interface KeySyntax {
  readonly kind: 'primary' | 'unique' | 'index' | 'foreign';
  readonly name: string | null;
  readonly parts: readonly KeyPart[];
  readonly ifNotExists: boolean;
}

/** What of a table's options is kept. */
export interface TableOptions {
  /** `DEFAULT` is the database's. */
  readonly charset: string | null;
  readonly collation: string | null;
  readonly comment: string | null;
  readonly isSequence: boolean;
  readonly systemVersioned: boolean;
}

/** FIRST is an empty name, AFTER names a column; null: where it is, or last. */
export type ColumnPosition = { readonly after: string } | null;

/** A clause of ALTER TABLE that changes what we know of a table. */
export type AlterAction =
  | {
      readonly kind: 'add-column';
      readonly column: ColumnSyntax;
      readonly position: ColumnPosition;
      readonly ifNotExists: boolean;
    }
  | {
      readonly kind: 'change-column';
      /** The name until now. */
      readonly from: string;
      readonly column: ColumnSyntax;
      readonly position: ColumnPosition;
      readonly ifExists: boolean;
    }
  | { readonly kind: 'drop-column'; readonly name: string; readonly ifExists: boolean }
  | { readonly kind: 'rename-column'; readonly from: string; readonly to: string }
  | {
      readonly kind: 'set-default';
      readonly column: string;
      /** Null: DROP DEFAULT. */
      readonly default: DefaultSyntax | null;
    }
  | { readonly kind: 'set-visibility'; readonly column: string; readonly invisible: boolean }
  | { readonly kind: 'add-key'; readonly key: KeySyntax }
  | { readonly kind: 'drop-primary-key' }
  | { readonly kind: 'drop-key'; readonly name: string }
  | { readonly kind: 'rename-key'; readonly from: string; readonly to: string }
  | { readonly kind: 'rename-table'; readonly to: TableName }
  | {
      readonly kind: 'convert';
      readonly charset: string;
      readonly collation: string | null;
    }
  | { readonly kind: 'options'; readonly options: TableOptions }
  | { readonly kind: 'system-versioning'; readonly on: boolean }
  /** Rows of partitions come or go, and no row event says so (PITFALLS B43). */
  | {
      readonly kind: 'partition-rows';
      readonly verb: 'TRUNCATE' | 'DROP' | 'EXCHANGE';
      /** Has the rows of the partition now, and the partition has its; absent: none. */
      readonly other?: TableName;
    };

/** What a statement does to tables. */
export type DdlStatement =
  | {
      readonly kind: 'create-table';
      readonly table: TableName;
      readonly orReplace: boolean;
      readonly ifNotExists: boolean;
      readonly columns: readonly ColumnSyntax[];
      readonly keys: readonly KeySyntax[];
      readonly options: TableOptions;
    }
  | {
      readonly kind: 'create-like';
      readonly table: TableName;
      readonly like: TableName;
      readonly orReplace: boolean;
      readonly ifNotExists: boolean;
    }
  | {
      readonly kind: 'create-sequence';
      readonly table: TableName;
      readonly orReplace: boolean;
      readonly ifNotExists: boolean;
    }
  | {
      /** CREATE INDEX and DROP INDEX are `alter-index`. */
      readonly kind: 'alter-table' | 'alter-index';
      readonly table: TableName;
      readonly ifExists: boolean;
      readonly actions: readonly AlterAction[];
    }
  | { readonly kind: 'drop-table'; readonly tables: readonly TableName[] }
  | {
      readonly kind: 'rename-table';
      readonly pairs: readonly { readonly from: TableName; readonly to: TableName }[];
      readonly ifExists: boolean;
    }
  | { readonly kind: 'truncate-table'; readonly table: TableName }
  | {
      readonly kind: 'create-database' | 'alter-database';
      /** Null: the one in use. */
      readonly database: string | null;
      readonly orReplace: boolean;
      readonly ifNotExists: boolean;
      readonly charset: string | null;
      readonly collation: string | null;
    }
  | { readonly kind: 'drop-database'; readonly database: string }
  /** BEGIN, COMMIT, SAVEPOINT, XA …; `words` are its first two. */
  | { readonly kind: 'transaction'; readonly words: string }
  /** Changes rows, without row events (PITFALLS B41); no table: not known which. */
  | { readonly kind: 'rows'; readonly verb: string; readonly tables: readonly TableName[] }
  /** Changes no table: GRANT, CREATE VIEW, a temporary table, … */
  | { readonly kind: 'irrelevant'; readonly verb: string }
  /** May change these tables, we do not know how: the catalog has to be read again. */
  | {
      readonly kind: 'uncertain';
      readonly reason: string;
      /** Empty: no table could be told. */
      readonly tables: readonly TableName[];
    };
