import type { BytesEncoding } from './bytes-encoding.ts';
import type { ColumnMask } from './column-mask.ts';
import type { ConnectSchema, ConnectValue } from './connect-schema.ts';
import type { MysqlTextFormat } from './mysql-text-format.ts';

/**
 * A table's name in three parts, as the source's information_schema spells them (no quotes, case
 * kept). MySQL and MariaDB have databases only, and call them schemas: there `schema` is the
 * database, which filters, topics and transaction metadata name, and `catalog` is always `def`.
 */
export interface TableId {
  /** Database name; `def` where a database is a schema. */
  readonly catalog: string;
  readonly schema: string;
  readonly table: string;
}

/** `schema.table`, what table.include.list matches against. Never split it again (PITFALLS P39). */
export function tableName(id: TableId): string {
  return `${id.schema}.${id.table}`;
}

/**
 * How the source's text of a value becomes the Connect value of the column's schema. The tag
 * decides both the general parser (dialects) and the compiled encoder (rowpath); a property test
 * holds them equal. Times are those of `time.precision.mode`.
 */
export type TextFormat = PostgresTextFormat | MysqlTextFormat;

/** The forms that PostgreSQL's texts have; MySQL shares those of plain numbers and texts. */
export type PostgresTextFormat =
  /** Digits that are valid JSON as they stand: schema int16, int32, int64. */
  | { readonly kind: 'integer' }
  /** `t` or `f`. */
  | { readonly kind: 'boolean' }
  /** May be NaN, Infinity, -Infinity. */
  | { readonly kind: 'float' }
  /** Of an enum with its labels: a row may have one that was added since. */
  | { readonly kind: 'string'; readonly labels?: readonly string[] }
  /** The one byte of a "char"; above 127 servers before 16 print what is no UTF-8. */
  | { readonly kind: 'byte-text' }
  /** `\x…` hex; schema bytes, or string in `encoding`. */
  | { readonly kind: 'bytea'; readonly encoding: BytesEncoding }
  /** numeric(p,s) as Decimal of exactly `scale`. */
  | { readonly kind: 'decimal'; readonly scale: number }
  /** numeric without scale as struct VariableScaleDecimal {scale int32, value bytes}. */
  | { readonly kind: 'variable-decimal' }
  /** numeric as float64 (decimal.handling.mode=double). */
  | { readonly kind: 'decimal-double' }
  /** numeric as text (decimal.handling.mode=string): NaN → NAN, Infinity → POSITIVE_INFINITY. */
  | { readonly kind: 'decimal-string' }
  /** ISO date, BC, infinity → days since 1970 (int32). */
  | { readonly kind: 'date' }
  /** `hh:mm:ss[.ffffff]`, 24:00:00 → units since midnight. */
  | { readonly kind: 'time'; readonly unit: 'ms' | 'us' | 'ns'; readonly cut?: TimeCut }
  /** ISO timestamp read as if UTC → units since 1970 (int64). */
  | {
      readonly kind: 'timestamp';
      readonly unit: 'ms' | 'us' | 'ns';
      /** As Debezium 3.7 writes them. */
      readonly infinities?: '3.7';
    }
  /** timestamptz → `2020-01-01T00:00:00.123456Z` in UTC, or ±infinity; `digits` after the point. */
  | { readonly kind: 'zoned-timestamp'; readonly digits: number }
  /** timetz → `10:00:00Z` in UTC. */
  | { readonly kind: 'zoned-time'; readonly cut?: TimeCut }
  /**
   * isostring mode: `2017-09-15Z`, `04:05:11.789Z`, `2017-09-15T04:05:11.789Z`; `java`: with its
   * limits, as the original.
   */
  | {
      readonly kind: 'iso-date' | 'iso-time' | 'iso-timestamp';
      readonly java?: boolean;
      readonly cut?: TimeCut;
    }
  /** ISO interval → µs, a month of 365.25/12 days (io.debezium.time.MicroDuration). */
  | { readonly kind: 'micro-duration' }
  /** interval as Debezium's ISO text P1Y2M3DT4H5M6S (io.debezium.time.Interval). */
  | { readonly kind: 'interval-string' }
  /** One letter 0 or 1 → boolean. */
  | { readonly kind: 'bit' }
  /** `1010` → bytes, least significant first, without zeros at the end (io.debezium.data.Bits). */
  | { readonly kind: 'bits' }
  /** Amount of money in any locale's text, with `printed` digits after its point. */
  | {
      readonly kind: 'money';
      readonly as: 'decimal' | 'double' | 'string';
      readonly printed: number;
      readonly scale: number;
    }
  /** `"a"=>"1", "b"=>NULL` → JSON text, or a map. */
  | { readonly kind: 'hstore'; readonly as: 'json' | 'map' }
  /** Built-in geometric types, `(1,2)` → Point; see postgres-geometry.ts. */
  | { readonly kind: 'geometric'; readonly shape: GeometricShape }
  /** PostGIS: hexadecimal EWKB → struct {wkb, srid}. */
  | { readonly kind: 'ewkb' }
  /** pgvector: `[1,2,3]` → array of floats. */
  | { readonly kind: 'vector' }
  /** pgvector: `{1:0.5,3:2}/5` → struct {dimensions, vector}. */
  | { readonly kind: 'sparse-vector' }
  /** Text of a type that is not known (include.unknown.datatypes): its bytes, or in `encoding`. */
  | { readonly kind: 'opaque'; readonly encoding: BytesEncoding }
  /**
   * What a custom converter (converters) makes of the text; throws VALUE_CONVERSION. `isRaw`: the
   * text is bytes, one letter (latin1) each.
   */
  | {
      readonly kind: 'custom';
      readonly convert: (text: string) => ConnectValue;
      readonly isRaw?: true;
    }
  /** time.precision.mode=structured: a struct of the parts; `digits` as declared. */
  | {
      readonly kind: 'structured';
      readonly part: StructuredPart;
      readonly digits: number;
      readonly cut?: TimeCut;
    }
  /** PostgreSQL array literal of as many dimensions as `elementSchema` nests. */
  | {
      readonly kind: 'array';
      readonly element: PostgresTextFormat;
      readonly elementSchema: ConnectSchema;
      readonly delimiter: string;
      /** Above 1: arrays in arrays. */
      readonly dimensions: number;
    };

/** What is left of a time's fraction in the original's arrays. */
export type TimeCut = 'ms' | 's';

/** PostgreSQL's own geometric types. */
export type GeometricShape = 'point' | 'line' | 'lseg' | 'box' | 'path' | 'polygon' | 'circle';

/** What a structured time is made from. */
export type StructuredPart =
  'date' | 'time' | 'timestamp' | 'zoned-time' | 'zoned-timestamp' | 'duration';

/** A captured column: its Connect schema and how its text is read. */
export interface ColumnSchema {
  readonly name: string;
  /** With optional, default and parameters, as it stands in the row struct. */
  readonly schema: ConnectSchema;
  readonly format: TextFormat;
  /** Where the column stands in the source's tuple; excluded columns leave holes. */
  readonly tupleIndex: number;
  /** The source's own full type name, e.g. `numeric(10,2)`, `character varying(20)[]`. */
  readonly sourceType: string;
  /** Part of the replica identity: these are filled in a key-only before image (PITFALLS P3). */
  readonly identity: boolean;
  /** What is done to its text before `format` reads it; absent: nothing. */
  readonly mask?: ColumnMask;
  /** The lists leave it out, and it belongs to the key: the row struct does not have it. */
  readonly keyOnly?: true;
}

export type ReplicaIdentity = 'default' | 'nothing' | 'full' | 'index';

/** One version of a captured table's shape; a new object for every real difference (P19). */
export interface TableSchema {
  readonly id: TableId;
  /** Rises by one with each real change of shape within one run. */
  readonly version: number;
  readonly columns: readonly ColumnSchema[];
  /** Indexes into `columns`, in key order; empty: the records have no key. */
  readonly keyColumns: readonly number[];
  /** The table's own key where message.key.columns took its place; absent: `keyColumns` is it. */
  readonly ownKeyColumns?: readonly number[];
  readonly replicaIdentity: ReplicaIdentity;
}

/** The columns that the row struct has, in its order. */
export function rowColumns({ columns }: Pick<TableSchema, 'columns'>): readonly ColumnSchema[] {
  return columns.some(({ keyOnly }) => keyOnly === true)
    ? columns.filter(({ keyOnly }) => keyOnly !== true)
    : columns;
}
