/**
 * What a custom converter is made of: the types that a module named in `converters` is written
 * against. Types only, and nothing else is imported here, so that the file can be copied or shipped
 * as it stands.
 *
 *     import type { ColumnConverter } from 'tidemark/column-converter';
 *
 *     const lowerCase: ColumnConverter = (column) =>
 *       column.typeName === 'citext'
 *         ? { schema: { type: 'string' }, convert: (text) => text.toLowerCase() }
 *         : null;
 *     export default lowerCase;
 */

/**
 * The default export of the module. Called for each column that the selector names, when the shape
 * of its table is first seen and when it changes, never per row. Null leaves the column to the next
 * converter, and in the end to Tidemark. `properties` are those of the converter in the pipeline
 * file, by their names behind `<name>.`, without `type` and `selector`.
 */
export type ColumnConverter = (
  column: ColumnFacts,
  properties: Readonly<Record<string, string>>,
) => ColumnConversion | null;

/** What is known of a column. */
export interface ColumnFacts {
  readonly name: string;
  /**
   * Names of the database, schema and table as the source spells them. In MySQL and MariaDB the
   * schema is the database, and `database` is `def`.
   */
  readonly database: string;
  readonly schema: string;
  readonly table: string;
  /** The whole type, e.g. `numeric(10,2)`, `character varying(20)[]`. */
  readonly type: string;
  /** The server's own short name of it, e.g. `numeric`, `varchar`, `int4`, or that of a domain. */
  readonly typeName: string;
  /** As declared: 20 of `varchar(20)`, 10 of `numeric(10,2)`; null where nothing is. */
  readonly length: number | null;
  readonly scale: number | null;
  /** The column may hold NULL. */
  readonly optional: boolean;
  /** The SQL expression behind DEFAULT; null: there is none. */
  readonly default: string | null;
}

/** A column in another form. */
export interface ColumnConversion {
  /** What is left out is taken from the column: `optional`, and the default if it is a constant. */
  readonly schema: ConvertedSchema;
  /**
   * The value of a text as the source prints it (dates in ISO, times in UTC, bytes in hexadecimal
   * behind `\x`); the same in snapshot and stream. NULL stays null and does not come here. Must
   * give equal values for equal texts and return at once. An exception is a value that cannot be
   * converted (event.converting.failure.handling.mode), and so is a result that the schema cannot
   * hold.
   */
  readonly convert: (text: string) => ConvertedValue;
}

/** A schema of Kafka Connect. */
export interface ConvertedSchema {
  readonly type:
    | 'int8'
    | 'int16'
    | 'int32'
    | 'int64'
    | 'float32'
    | 'float64'
    | 'boolean'
    | 'string'
    | 'bytes'
    | 'array'
    | 'map'
    | 'struct';
  readonly optional?: boolean;
  /** Of a logical type, such as `io.debezium.time.Timestamp`; a struct needs one for Avro. */
  readonly name?: string;
  readonly version?: number;
  readonly doc?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly default?: ConvertedValue;
  /** Of the elements of an array, or of the values of a map. */
  readonly valueSchema?: ConvertedSchema;
  /** Of the keys of a map: strings. */
  readonly keySchema?: ConvertedSchema;
  readonly fields?: readonly { readonly name: string; readonly schema: ConvertedSchema }[];
}

/**
 * int8 to int32 and floats: a number. int64: a bigint, or a number that is exact. bytes: a Buffer
 * or Uint8Array. org.apache.kafka.connect.data.Decimal: `{ unscaled, scale }` with the scale of the
 * schema. array: an array. map: a Map or an object. struct: an object with its fields by name.
 */
export type ConvertedValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | { readonly unscaled: bigint; readonly scale: number }
  | readonly ConvertedValue[]
  | ReadonlyMap<string, ConvertedValue>
  | { readonly [name: string]: ConvertedValue };
