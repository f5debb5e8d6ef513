/**
 * Kafka Connect's data model: types, optional, default, name, version, parameters.
 * (org.apache.kafka.connect.data.Schema in the Java API.)
 */

export const NUMBER_TYPES = ['int8', 'int16', 'int32', 'int64', 'float32', 'float64'] as const;

/** All types that there are. */
export const CONNECT_TYPES = [
  ...NUMBER_TYPES,
  'boolean',
  'string',
  'bytes',
  'array',
  'map',
  'struct',
] as const;

export type ConnectType = (typeof CONNECT_TYPES)[number];

/** A field of a struct. */
export interface ConnectField {
  readonly name: string;
  readonly schema: ConnectSchema;
}

/** What a value is, as Connect describes it. */
export interface ConnectSchema {
  readonly type: ConnectType;
  readonly optional: boolean;
  readonly name?: string;
  readonly version?: number;
  readonly doc?: string;
  /** Insertion order is the order on the wire. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Present only when the schema has a default. */
  readonly default?: ConnectValue;
  /** Element schema of an array, value schema of a map. */
  readonly valueSchema?: ConnectSchema;
  readonly keySchema?: ConnectSchema;
  readonly fields?: readonly ConnectField[];
}

/** A fixed-point number: `unscaled × 10^-scale`. Value of org.apache.kafka.connect.data.Decimal. */
export interface Decimal {
  readonly unscaled: bigint;
  readonly scale: number;
}

/** A struct's values stand in the order of its schema's fields. */
export interface Struct {
  readonly schema: ConnectSchema;
  readonly values: readonly ConnectValue[];
  /** One of them, of a struct whose values are read only when somebody asks. */
  readonly peek?: (place: number) => ConnectValue | undefined;
  /** All of them, of such a struct, which does not keep them. */
  readonly once?: () => readonly ConnectValue[];
}

/** The values of a struct that nobody will ask for again: see `Struct.once`. */
export function valuesOnce(struct: Struct): readonly ConnectValue[] {
  return struct.once === undefined ? struct.values : struct.once();
}

/** One value of a struct; the others need not be read for it. */
export function valueAt(struct: Struct, place: number): ConnectValue | undefined {
  return struct.peek === undefined ? struct.values[place] : struct.peek(place);
}

/**
 * int8/16/32 and floats are numbers, int64 is a bigint, bytes a Buffer, `Decimal` schemas carry a
 * Decimal; Connect's logical Date/Time/Timestamp carry their primitive (days or ms).
 */
export type ConnectValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Buffer
  | Decimal
  | Struct
  | readonly ConnectValue[]
  /** Keys are strings but for a few maps over int16 (sparse vectors). */
  | ReadonlyMap<string | number, ConnectValue>;

export const DECIMAL = 'org.apache.kafka.connect.data.Decimal';

/** The same schema, nullable. */
export function optional(schema: ConnectSchema): ConnectSchema {
  return schema.optional ? schema : { ...schema, optional: true };
}

/** Whether the value is a Decimal. */
export function isDecimal(value: ConnectValue): value is Decimal {
  return typeof value === 'object' && value !== null && 'unscaled' in value;
}

/** Whether the value is a Struct. */
export function isStruct(value: ConnectValue): value is Struct {
  return typeof value === 'object' && value !== null && 'schema' in value && 'values' in value;
}

/** Minimal two's-complement big-endian bytes, as java.math.BigInteger.toByteArray (PITFALLS C8). */
export function bigIntToBytes(value: bigint): Buffer {
  if (value >= -SMALL && value < SMALL) return smallToBytes(Number(value));
  let length = 1;
  while (value < -(1n << BigInt(length * 8 - 1)) || value >= 1n << BigInt(length * 8 - 1)) length++;
  const hex = BigInt.asUintN(length * 8, value)
    .toString(16)
    .padStart(length * 2, '0');
  return Buffer.from(hex, 'hex');
}

/** 2^47: within ± this, six bytes hold the value, and the way over a number is much cheaper. */
const SMALL = 2n ** 47n;

function smallToBytes(value: number): Buffer {
  let length = 1;
  for (let bound = 0x80; value < -bound || value >= bound; bound *= 0x100) length++;
  const bytes = Buffer.allocUnsafe(length);
  bytes.writeIntBE(value, 0, length);
  return bytes;
}

/** Reads two's-complement big-endian bytes of any length; none are zero. */
export function bytesToBigInt(bytes: Buffer): bigint {
  if (bytes.length === 0) return 0n;
  if (bytes.length <= 6) return BigInt(bytes.readIntBE(0, bytes.length));
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`));
}

/** Plain text without an exponent: `-12.30`; a negative scale appends zeros. */
export function formatDecimal(value: Decimal): string {
  const negative = value.unscaled < 0n;
  let digits = (negative ? -value.unscaled : value.unscaled).toString();
  if (value.scale <= 0) {
    if (value.unscaled !== 0n) digits += '0'.repeat(-value.scale);
  } else {
    digits = digits.padStart(value.scale + 1, '0');
    digits = `${digits.slice(0, -value.scale)}.${digits.slice(-value.scale)}`;
  }
  return negative ? `-${digits}` : digits;
}

/** Parameters of column.propagate.source.type, by Debezium's names: type and name in the source. */
export const SOURCE_COLUMN = '__debezium.source.column.';
export const SOURCE_COLUMN_TYPE = `${SOURCE_COLUMN}type`;
export const SOURCE_COLUMN_NAME = `${SOURCE_COLUMN}name`;

/** Ours beside them, of a source in PostgreSQL: the full type, as `format_type` prints it. */
export const POSTGRES_SOURCE_TYPE = '__tidemark.source.type';
