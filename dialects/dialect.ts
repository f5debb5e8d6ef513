import type { ConnectSchema, ConnectValue } from '../src/model/connect-schema.ts';

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

/** Turns a Connect value into the text that the target reads; null stays null. */
export interface ValueEncoder {
  encode(value: ConnectValue): string | null;
  /** The text never holds quotes, backslashes, braces or commas. */
  readonly plain: boolean;
}

/** A statement with its parameters, as texts. */
export interface SqlText {
  readonly text: string;
  readonly values: readonly (string | null)[];
}

/** The values of one column, row by row. */
export type ColumnValues = readonly (string | null)[];

/** A statement over many rows; built once per table and column set, bound per batch. */
export interface BulkStatement {
  /** `columns` in the order in which the statement was built. */
  bind(columns: readonly ColumnValues[]): SqlText;
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
}

/** Enum types that are objects of their own. */
export interface EnumDialect {
  /** Rows of one column `label`, in order; no row: no such type. */
  labels(schema: string, name: string): SqlText;
  create(schema: string, type: EnumType): string;
  /** Statements that add the labels that are missing; outside of a transaction. */
  addLabels(schema: string, type: EnumType, present: readonly string[]): readonly string[];
}

/** A row as the driver returns it. */
export type CatalogRow = Readonly<Record<string, unknown>>;

/**
 * What the SQL sink has to know of one database product. It holds no connection: it makes texts.
 * Kept small on purpose; whatever can be said in terms of these stays in src/sink/sql.
 */
export interface TargetDialect {
  readonly name: string;
  readonly identifierBytesMax: number;
  quote(identifier: string): string;
  qualify(name: TargetName): string;
  literal(text: string): string;
  /** Run at the head of a transaction with DDL: a second task waits, then sees what was done. */
  readonly ddlLock: string;
  /** Absent where enums are no objects. */
  readonly enums?: EnumDialect;
  /** Has a row when the schema exists: making one that does needs the right to make one. */
  schemaQuery(schema: string): SqlText;
  createSchema(schema: string): string;
  tableQuery(name: TargetName): SqlText;
  /** Reads the answer to `tableQuery`; null: there is no such table. */
  readTable(name: TargetName, rows: readonly CatalogRow[]): TargetTable | null;

  columnType(schema: ConnectSchema, target: TargetName): WantedType;
  /** A column of type `actual` holds every value of `wanted` without loss. */
  holds(actual: TargetColumn, wanted: WantedType, schema: ConnectSchema): boolean;
  encoder(schema: ConnectSchema, actual: TargetColumn): ValueEncoder;

  /** Statements that make the table in its schema, in order; all of them may be repeated. */
  createTable(
    name: TargetName,
    columns: readonly WantedColumn[],
    key: readonly string[],
  ): readonly string[];
  addColumn(name: TargetName, column: WantedColumn): string;
  dropNotNull(name: TargetName, column: string): string;
  changeType(name: TargetName, column: string, type: WantedType): string;
  changePrimaryKey(table: TargetTable, key: readonly string[]): string;

  /** Empties the table inside a transaction. */
  empty(table: TargetTable): string;
  insert(target: BulkTarget): BulkStatement;
  upsert(target: BulkTarget): BulkStatement;
  /** Updates existing rows only; the row count is that of the rows found. */
  update(target: BulkTarget): BulkStatement;
  deleteByKey(target: BulkTarget): BulkStatement;
  /** Gives the row of one key another one; the other columns stay as they are. */
  moveKey(
    table: TargetTable,
    key: readonly string[],
    from: readonly (string | null)[],
    to: readonly (string | null)[],
  ): SqlText;
  /** Removes exactly one equal row, null-safe, for each row given; duplicates beyond stay. */
  deleteOneEach(target: BulkTarget): BulkStatement;
}
