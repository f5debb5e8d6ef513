import type { ConnectSchema, ConnectValue } from '../src/model/connect-schema.ts';
import type { TypedCell, TypedColumn } from './typed-cells.ts';

/** A table of the target. */
export interface TargetName {
  readonly schema: string;
  readonly table: string;
}

/** A column as the target's catalog has it. */
export interface TargetColumn {
  readonly name: string;
  /** Full type with length or precision, as the server prints it: `numeric(10,2)`. */
  readonly type: string;
  /** The type without length or precision, safe in a cast: `numeric`, `bpchar`. */
  readonly castType: string;
  readonly isArray: boolean;
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  /** Computed by the target: never written. */
  readonly generated: boolean;
  /** GENERATED ALWAYS AS IDENTITY: written only with an override. */
  readonly identityAlways: boolean;
  /** Its collation holds different texts equal: `a` and `A`, or `a` and `a `. */
  readonly inexact?: boolean;
  /** All that a statement has to repeat which changes one property of the column; with NULL. */
  readonly definition?: string;
  /** The same for a type without a length; null: it has a default that such a type cannot have. */
  readonly unlimitedDefinition?: string | null;
  /** Indexes that have the whole column in them, which a type without a length could not be. */
  readonly wholeInIndexes?: readonly string[];
  /** Its collation as SQL writes it, where it is not that of the type. */
  readonly collation?: string | null;
  /** Of an enum type, or an array of one. */
  readonly isEnum?: boolean;
}

/** A table as the target's catalog has it. */
export interface TargetTable {
  readonly name: TargetName;
  readonly columns: readonly TargetColumn[];
  readonly primaryKey: readonly string[];
  /** Name of the primary key's constraint, for cures. */
  readonly primaryKeyName: string | null;
  /** Column sets on which ON CONFLICT can infer an index; the primary key is among them. */
  readonly uniqueKeys: readonly (readonly string[])[];
  /** Foreign keys of other tables point here: TRUNCATE would fail. */
  readonly referenced: boolean;
  /** Why it cannot be written to as the sink promises, and the statement that cures it. */
  readonly problem?: { readonly message: string; readonly cure: string };
  /** Objects that let no column of it be altered as long as they are there, in words. */
  readonly boundBy?: readonly string[];
  /** What it would lose if it were made anew with the same columns, in words. */
  readonly cannotBeRemade?: string;
}

/** An enum type that a column needs in the target. */
export interface EnumType {
  readonly name: string;
  readonly labels: readonly string[];
}

/** The type that a column of the records wants. */
export interface WantedType {
  /** Ready for DDL; enum types are qualified with the table's schema by `columnType`. */
  readonly ddl: string;
  readonly enumType: EnumType | null;
  /** Taken from the source's own type name, so that a narrower target column is an error. */
  readonly exact: boolean;
}

/** A column that records want: its schema, and the type it would be created with. */
export interface WantedColumn {
  readonly name: string;
  readonly schema: ConnectSchema;
  readonly type: WantedType;
}

/**
 * What it takes to give a column a wider type that keeps every value: the catalog alone changes, or
 * every row is written anew while nobody else uses the table. `refused`: the types would allow it,
 * something in the table does not.
 */
export type Widening =
  | { readonly kind: 'catalog' | 'rewrite' }
  | { readonly kind: 'refused'; readonly reason: string; readonly cure: string };

/** A column that gets another type. */
export interface TypeChange {
  readonly column: TargetColumn;
  readonly type: WantedType;
  /** It takes null from now on. */
  readonly relax: boolean;
}

/** Turns a Connect value into the text that the dialect's statements take; null stays null. */
export interface ValueEncoder {
  encode(value: ConnectValue): string | null;
  /** The text never holds quotes, backslashes, braces or commas. */
  readonly plain: boolean;
  /**
   * The same without a text, as a value of the column's type; undefined: only its text will do.
   * Absent: the target takes nothing but texts.
   */
  readonly typed?: (value: Exclude<ConnectValue, null>) => TypedCell | undefined;
}

/** A statement with its parameters, as texts. */
export interface SqlText {
  readonly text: string;
  readonly values: readonly (string | null)[];
  /** It runs so often, each time with the next of the values; absent: once, with all of them. */
  readonly times?: number;
  /** What runs behind it. */
  readonly next?: SqlText;
  /** Rows that it, and what runs behind it, read from a table of the session. */
  readonly staged?: StagedRows;
}

/** Rows that a session puts into a temporary table of its own before a statement runs. */
export interface StagedRows {
  /** The table; its columns are called `k0`, `k1`, …. Whatever was in it is gone. */
  readonly table: string;
  /** The type that the statement casts each column to; a cell is a value or a text of it. */
  readonly types: readonly string[];
  readonly columns: readonly (ColumnValues | TypedColumn)[];
}

/** The values of one column, row by row, as its encoder made them. */
export type ColumnValues = readonly (string | null)[];

/**
 * A statement that reads its rows from a table of the session, into which they are copied: what a
 * server takes fastest. That table holds the rows of one statement a transaction.
 */
export interface CopiedStatement {
  /** The table's name, one for each statement, as SQL. */
  readonly table: string;
  /** Makes it where it is missing; it is empty at the end of each transaction. */
  readonly create: string;
  readonly copy: string;
  readonly apply: string;
  /** A row as COPY takes it: of `cells` the numbers in `columns`, in the statement's order. */
  line(cells: readonly unknown[], columns: readonly number[]): string;
}

/**
 * Rows into the table itself, without a way to say what becomes of a key that is there: an error.
 * For rows that are most likely new it is what costs a server least.
 */
export interface AddedRows {
  readonly copy: string;
  /** As that of `CopiedStatement`. */
  line(cells: readonly unknown[], columns: readonly number[]): string;
}

/** The same where rows are no text: a statement that adds them. */
export interface FreshRows {
  /** The same for all rows of the table with these columns. */
  readonly name: string;
  bind(columns: readonly ColumnValues[]): SqlText;
  stage(columns: StagedRows['columns']): SqlText;
}

/** A statement over many rows; built once per table and column set, bound per batch. */
export interface BulkStatement {
  /** `columns` in the order in which the statement was built. */
  bind(columns: readonly ColumnValues[]): SqlText;
  /** The same of many rows, whose columns may be typed. Absent: it takes texts alone. */
  stage?(columns: StagedRows['columns']): SqlText;
  /** Absent: the rows are always in the statement itself. */
  readonly copied?: CopiedStatement;
  /** The same for rows whose keys the table does not have. Absent: there is no such way. */
  readonly added?: AddedRows;
  readonly fresh?: FreshRows;
}

/** A column of a bulk statement's rows. */
export interface BulkColumn {
  readonly column: TargetColumn;
  /** As its encoder says. */
  readonly plain: boolean;
}

/** What a bulk statement writes. */
export interface BulkTarget {
  readonly table: TargetTable;
  /** The columns of the rows, key columns included. */
  readonly columns: readonly BulkColumn[];
  readonly key: readonly string[];
  /**
   * One of the columns, with positions of changes: an upsert, update or delete leaves rows alone
   * that have the same text there, or one that follows it as bytes. Absent: none is left alone.
   */
  readonly guard?: string;
  /** For `find`: the column that says of a row that it is deleted; absent: none does. */
  readonly deleted?: string;
}

/** A value of a column, as its encoder wrote it. */
export interface CellText {
  readonly column: TargetColumn;
  readonly text: string | null;
}

/** Enum types that are objects of their own. */
export interface EnumDialect {
  /** Rows of one column `label`, in order; no row: no such type. */
  labels(schema: string, name: string): SqlText;
  create(schema: string, type: EnumType): string;
  /** Statements that add the labels that are missing; outside of a transaction. */
  addLabels(schema: string, type: EnumType, present: readonly string[]): readonly string[];
}

/** Rows of the sink's own tables, which are there already as often as not. */
export interface StateInsert {
  readonly table: TargetName;
  readonly columns: readonly string[];
  /** Each in its brackets, as SQL. */
  readonly rows: readonly string[];
  readonly key: readonly string[];
  /** The column that counts how often its row was inserted; null: a row that is there stays. */
  readonly count: string | null;
}

/** What the sink's own tables need. */
export interface StateDialect {
  /** Types of a name that a key holds, and of an instant. */
  readonly nameType: string;
  readonly timeType: string;
  /** What follows the brackets of CREATE TABLE. */
  readonly tableOptions: string;
  /** Locks the rows of an INSERT at once, never one of them shared first. */
  insert(rows: StateInsert): string;
  /** Behind the table's name: rows are found, and locked, by the primary key alone. */
  readonly byKey: string;
  readonly forShare: string;
  readonly forUpdate: string;
  /** The time of now, as SQL. */
  readonly now: string;
  /** In front of the rows of `(a, b) IN (…)`. */
  readonly rowsOfList: string;
  /** Offsets, whose rows are there, cost less as an UPDATE of literals than as an upsert. */
  readonly savesByUpdate?: true;
}

/** How rows of a table are compared with rows that are given, inside of the target. */
export interface ComparisonDialect {
  /** The name of a table of the session alone, which is for a table of the target. */
  session(name: string, of: TargetName): TargetName;
  /** Statements that make it, with columns of another one and `tidemark_row`, a number. */
  make(
    table: TargetName,
    of: TargetName,
    columns: readonly string[],
    key: readonly string[],
  ): readonly string[];
  empty(table: TargetName): string;
  drop(table: TargetName): string;
  /** The FROM of all rows of `s`, each beside the row of `t` that `on` finds, or none. */
  beside(s: TargetName, t: TargetName, on: string): string;
  /** True where two values of the column are not the same, null-safe. */
  differs(column: TargetColumn, one: string, other: string): string;
  /** A value as text that people can read. */
  text(column: TargetColumn, value: string): string;
  /** Such a text of a key, as SQL that is compared with the column. */
  key(column: TargetColumn, text: string): string;
}

/** A row as the driver returns it. */
export type CatalogRow = Readonly<Record<string, unknown>>;

/**
 * What the SQL sink has to know of one database product. It holds no connection: it makes texts.
 * Kept small on purpose; whatever can be said in terms of these stays in src/sink/sql.
 */
export interface TargetDialect {
  readonly name: string;
  readonly identifierMax: { readonly length: number; readonly unit: 'bytes' | 'characters' };
  quote(identifier: string): string;
  qualify(name: TargetName): string;
  literal(text: string): string;
  /**
   * Run at the head of a transaction with DDL: a second task waits, then sees what was done. Where
   * DDL commits by itself the lock is none of the transaction: it answers 1 in `taken`, and is let
   * go by `release`. All DDL may be cut off between two statements, and done again.
   */
  readonly ddlLock: { readonly take: string; readonly release?: string };
  /**
   * Run under that lock before a table changes that others use: whoever comes while DDL waits for
   * those who are there has to wait behind it, so it gives up soon and is tried again. Once it has
   * begun it may take its time: what is cut off begins anew.
   */
  readonly ddlPace: string;
  /** To let a column take null is to write every row anew. */
  readonly relaxingRewrites: boolean;
  /** Instants are texts that tell their zone, however a column was declared. */
  readonly zoneInTexts?: true;
  /** Rows of a transaction, where each costs so much that more pay; absent: they do not. */
  readonly transactionRows?: number;
  readonly state: StateDialect;
  /** Absent where enums are no objects. */
  readonly enums?: EnumDialect;
  /** Has a row when the schema exists: making one that does needs the right to make one. */
  schemaQuery(schema: string): SqlText;
  /** Null: it is always there. Throws SINK_SCHEMA where none can be made. */
  createSchema(schema: string): string | null;
  tableQuery(name: TargetName): SqlText;
  /** Reads the answer to `tableQuery`; null: there is no such table. */
  readTable(name: TargetName, rows: readonly CatalogRow[]): TargetTable | null;

  /** `keyColumns`: how many columns the key has that this one is part of; 0: none. */
  columnType(schema: ConnectSchema, target: TargetName, keyColumns: number): WantedType;
  /** A column of type `actual` holds every value of `wanted` without loss. */
  holds(actual: TargetColumn, wanted: WantedType, schema: ConnectSchema): boolean;
  /**
   * How the column may get the wanted type, which holds all that it has and more; null: it does
   * not, or the column has room for what the record tells of its source.
   */
  widening(
    table: TargetTable,
    column: TargetColumn,
    wanted: WantedType,
    schema: ConnectSchema,
  ): Widening | null;
  encoder(schema: ConnectSchema, actual: TargetColumn): ValueEncoder;

  /** Statements that make the table in its schema, in order; all of them may be repeated. */
  createTable(
    name: TargetName,
    columns: readonly WantedColumn[],
    key: readonly string[],
  ): readonly string[];
  addColumn(name: TargetName, column: WantedColumn): string;
  dropNotNull(name: TargetName, column: TargetColumn): string;
  /** For a person to run: it may lose something. */
  changeType(name: TargetName, column: TargetColumn, type: WantedType): string;
  /** One statement for all of them, so that rows are written anew once. */
  widenColumns(name: TargetName, changes: readonly TypeChange[], table: TargetTable): string;
  changePrimaryKey(table: TargetTable, key: readonly string[]): string;

  /** Empties the table inside a transaction. */
  empty(table: TargetTable): string;
  /**
   * Sets columns of all rows that have the value `where`; with a guard, that and the guard's text,
   * of those that have an older text there, or none.
   */
  updateAll(
    table: TargetTable,
    set: readonly CellText[],
    where: CellText,
    guard?: CellText,
  ): SqlText;
  insert(target: BulkTarget): BulkStatement;
  /** Adds rows; one whose key is there already stays as it is. */
  insertMissing(target: BulkTarget): BulkStatement;
  upsert(target: BulkTarget): BulkStatement;
  /** Updates existing rows only; the row count is that of the rows found. */
  update(target: BulkTarget): BulkStatement;
  deleteByKey(target: BulkTarget): BulkStatement;
  /**
   * Finds rows by the columns given, which are their keys. Of each that is there a row: `n`, the
   * key's number in the batch; `position`, the text of the guard's column; `gone`, 1 where the
   * column `deleted` is true, else 0.
   */
  find(target: BulkTarget): BulkStatement;
  /** Gives the row of one key another one; the other columns stay as they are. */
  moveKey(
    table: TargetTable,
    key: readonly string[],
    from: readonly (string | null)[],
    to: readonly (string | null)[],
  ): SqlText;
  /**
   * Gives the row of one key a copy of another one, if there is no row of that; one that has
   * `gone` makes way.
   */
  copyRow(
    table: TargetTable,
    key: readonly string[],
    from: readonly (string | null)[],
    to: readonly (string | null)[],
    gone: CellText,
  ): SqlText;
  /** Removes exactly one equal row, null-safe, for each row given; duplicates beyond stay. */
  deleteOneEach(target: BulkTarget): BulkStatement;

  /** Statements that make a view, also where there is one of the name with fewer columns. */
  createView(name: TargetName, query: string): readonly string[];
  /** Makes an index that helps to find rows; it may be there already, which may be an error. */
  createIndex(table: TargetName, index: string, columns: readonly string[]): string;
  /** A text as SQL, made one whose order is that of its bytes. */
  byBytes(text: string): string;
  /** What rows have in common that are equal in all of these columns: for PARTITION BY. */
  rowIdentity(columns: readonly string[]): string;
  /** Absent: rows of this product are not compared. */
  readonly comparison?: ComparisonDialect;
}
