import type { ResolvedOptions } from '../../config/option.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectRecord } from '../../model/connect-record.ts';
import type { ConnectSchema, ConnectValue } from '../../model/connect-schema.ts';
import {
  CONNECT_DATE,
  CONNECT_TIME,
  CONNECT_TIMESTAMP,
  connectTimeSchema,
  DAY_MS,
  DEBEZIUM_DATE,
  UNITS_PER_MS,
  ZONED_TIME,
  ZONED_TIMESTAMP,
} from '../logical-time.ts';
import type { RecordSide } from '../record-side.ts';
import { structOrNull, withSide } from '../record-side.ts';
import type { RecordTransform } from '../record-transform.ts';
import { fieldIndex, perSchema, schemaBasics, valuesOf } from '../schema-shape.ts';
import { SimpleDateFormat } from './simple-date-format.ts';

type Target = 'string' | 'unix' | 'Date' | 'Time' | 'Timestamp';

/** A value as milliseconds since 1970. */
type ReadMillis = (value: ConnectValue) => number;

/** Units of unix.precision in a millisecond; seconds are the other way around. */
const PRECISION: Readonly<Record<string, bigint>> = {
  milliseconds: 1n,
  microseconds: 1_000n,
  nanoseconds: 1_000_000n,
};

/**
 * Connect's TimestampConverter. Beyond the original it reads Debezium's types by their names; a
 * unix.precision that is given wins, as there.
 */
export class TimestampConverter implements RecordTransform {
  readonly #side: RecordSide;
  readonly #field: string | null;
  readonly #target: Target;
  readonly #format: SimpleDateFormat | null;
  readonly #precision: string | null;
  readonly #replaceNull: boolean;
  readonly #readerOf = perSchema((schema) => this.#reader(schema));
  readonly #schemaOf = perSchema((schema) => this.#updated(schema));

  constructor(options: ResolvedOptions, side: RecordSide) {
    this.#side = side;
    this.#field = options.optionalString('field') ?? null;
    this.#target = options.string('target.type') as Target;
    const format = options.optionalString('format');
    this.#format = format === undefined ? null : new SimpleDateFormat('format', format);
    this.#precision = options.optionalString('unix.precision') ?? null;
    this.#replaceNull = options.boolean('replace.null.with.default');
    if (this.#target === 'string' && this.#format === null) {
      throw new TidemarkError('CONFIG_INVALID', 'target.type string needs a format', {
        cure: "Add format, e.g. yyyy-MM-dd'T'HH:mm:ss.SSS'Z'.",
      });
    }
  }

  apply(record: ConnectRecord): ConnectRecord {
    const data = record[this.#side];
    if (data.schema === null) return record;
    const schema = this.#schemaOf(data.schema);
    if (this.#field === null) {
      const value = this.#convert(data.schema, data.value);
      return withSide(record, this.#side, { schema, value });
    }
    const struct = structOrNull(data, 'TimestampConverter');
    if (struct === null) return withSide(record, this.#side, { schema, value: null });
    const values = valuesOf(struct, this.#replaceNull);
    const index = fieldIndex(struct.schema, this.#field);
    const type = struct.schema.fields?.[index]?.schema;
    if (type !== undefined) values[index] = this.#convert(type, values[index] ?? null);
    return withSide(record, this.#side, { schema, value: { schema, values } });
  }

  #updated(schema: ConnectSchema): ConnectSchema {
    if (this.#field === null) return this.#targetSchema(schema.optional);
    const fields = (schema.fields ?? []).map((field) =>
      field.name === this.#field
        ? { name: field.name, schema: this.#targetSchema(field.schema.optional) }
        : field,
    );
    return { ...schemaBasics(schema), optional: schema.optional, fields };
  }

  #targetSchema(optional: boolean): ConnectSchema {
    switch (this.#target) {
      case 'string':
        return { type: 'string', optional };
      case 'unix':
        return { type: 'int64', optional };
      case 'Date':
        return connectTimeSchema(CONNECT_DATE, optional);
      case 'Time':
        return connectTimeSchema(CONNECT_TIME, optional);
      case 'Timestamp':
        return connectTimeSchema(CONNECT_TIMESTAMP, optional);
    }
  }

  #convert(schema: ConnectSchema, value: ConnectValue): ConnectValue {
    if (value === null) return null;
    const millis = this.#readerOf(schema)(value);
    switch (this.#target) {
      case 'string':
        return this.#format?.format(millis) ?? null;
      case 'unix':
        return this.#unix(millis);
      case 'Date':
        return Math.floor(millis / DAY_MS);
      case 'Time':
        return millis - Math.floor(millis / DAY_MS) * DAY_MS;
      case 'Timestamp':
        return BigInt(millis);
    }
  }

  #unix(millis: number): bigint {
    if (this.#precision === 'seconds') return BigInt(Math.trunc(millis / 1000));
    return BigInt(millis) * (PRECISION[this.#precision ?? ''] ?? 1n);
  }

  /** How values of a schema are read. Throws TRANSFORM for what is no time. */
  #reader(schema: ConnectSchema): ReadMillis {
    switch (schema.name) {
      case CONNECT_TIMESTAMP:
      case CONNECT_TIME:
        return Number;
      case CONNECT_DATE:
      case DEBEZIUM_DATE:
        return (value) => Number(value) * DAY_MS;
      default:
    }
    const units = UNITS_PER_MS[schema.name ?? ''];
    if (units !== undefined && (this.#precision === null || schema.type !== 'int64')) {
      return (value) => Number(BigInt(value as number | bigint) / units);
    }
    if (schema.type === 'int64') return (value) => this.#fromUnix(value as bigint);
    if (schema.type === 'string') return this.#textReader(schema);
    const what = `${schema.name ?? schema.type} of ${this.#field ?? 'the record'}`;
    throw new TidemarkError('TRANSFORM', `TimestampConverter: ${what} is no time`);
  }

  #fromUnix(value: bigint): number {
    if (this.#precision === 'seconds') return Number(value) * 1000;
    return Number(value / (PRECISION[this.#precision ?? ''] ?? 1n));
  }

  #textReader(schema: ConnectSchema): ReadMillis {
    const format = this.#format;
    const isZoned = schema.name === ZONED_TIMESTAMP || schema.name === ZONED_TIME;
    // A format of a conversion to text is that of the result where the source has its own.
    if (isZoned && (format === null || this.#target === 'string')) return zonedMillis;
    if (format !== null) return (value) => format.parse(value as string);
    throw new TidemarkError('TRANSFORM', 'TimestampConverter: text needs a format to be read', {
      cure: 'Add the property format.',
    });
  }
}

/** ISO text with an offset; a time alone is one of 1970-01-01. */
function zonedMillis(value: ConnectValue): number {
  const text = value as string;
  const iso = text.includes('T') ? text : `1970-01-01T${text}`;
  const millis = Date.parse(iso.replace(/(\.\d{3})\d+/, '$1'));
  if (!Number.isNaN(millis)) return millis;
  throw new TidemarkError('TRANSFORM', 'TimestampConverter: a zoned time is no ISO text');
}
