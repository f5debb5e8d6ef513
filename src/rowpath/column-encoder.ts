import { placeholderValue } from '../../dialects/text-values.ts';
import { compileAvroEncoder } from '../converter/avro-encoder.ts';
import { jsonString, valueJson } from '../converter/json-text.ts';
import type { JsonTextOptions } from '../converter/json-text.ts';
import { unknownValue } from '../envelope/record-plan.ts';
import { mayNotConvert } from '../envelope/unconverted.ts';
import { ByteWriter } from '../foundation/byte-writer.ts';
import { maskText } from '../model/column-mask.ts';
import type { ColumnMask } from '../model/column-mask.ts';
import type { ConnectSchema, ConnectValue } from '../model/connect-schema.ts';
import { textEncoding } from '../model/mysql-text-format.ts';
import type { ColumnSchema, TextFormat } from '../model/table-schema.ts';
import { avroTextEncoder, avroUnionEncoder } from './avro-text-encoder.ts';
import { jsonTextEncoder } from './json-text-encoder.ts';
import { lenientEncoder } from './lenient-encoder.ts';
import { prepareConstant } from './prepared-bytes.ts';
import type { PreparedBytes } from './prepared-bytes.ts';
import type { WireFormat } from './row-encoder.ts';
import { sharedEncoder } from './shared-encoder.ts';
import type { TextEncoder } from './text-encoder.ts';

/** A column of a struct, ready to be written: what is constant of it stands as bytes. */
export interface ColumnEncoder {
  readonly tupleIndex: number;
  /** Known in a key-only old tuple. */
  readonly identity: boolean;
  /** Precedes a value: `,"name":`, or the branch of the union. */
  readonly prefix: PreparedBytes;
  readonly encode: TextEncoder;
  /** Prefix and null; null: the schema has no place for a null. */
  readonly nullBytes: PreparedBytes | null;
  /** Prefix and what stands for a column that the old tuple does not tell. */
  readonly unknownBytes: PreparedBytes;
  /** Prefix and what stands for an absent value (unchanged TOAST). */
  readonly placeholderBytes: PreparedBytes;
}

/** What the columns of one struct have in common. */
export interface ColumnContext {
  readonly wire: WireFormat;
  readonly json: JsonTextOptions;
  readonly unavailableValuePlaceholder: string;
  /**
   * Told of a value that has no form in its schema, instead of failing: the placeholder stands
   * there. Absent: such a value fails.
   */
  readonly onUnconverted?: (column: ColumnSchema) => void;
}

/** `schema` and `name` are those of the struct's field: a key may differ from the row in both. */
export function compileColumn(
  column: ColumnSchema,
  field: { readonly name: string; readonly schema: ConnectSchema },
  first: boolean,
  context: ColumnContext,
): ColumnEncoder {
  const { schema } = field;
  const placeholder = placeholderValue({ ...column, schema }, context.unavailableValuePlaceholder);
  const parts =
    context.wire === 'json'
      ? jsonParts(column, field, first, context.json)
      : avroParts(column, schema, context.json.replaceNullWithDefault);
  const { prefix, constant } = parts;
  const { mask } = column;
  const strict =
    mask === undefined
      ? parts.encode
      : maskedEncoder(mask, textEncoding(column.format), parts.encode);
  const always = mask?.kind === 'constant' ? prepareConstant(constant(mask.text)) : null;
  const placeholderBytes = always ?? prepareConstant(constant(placeholder));
  const nullBytes = always ?? orNull(() => prepareConstant(constant(null)));
  const { onUnconverted } = context;
  const encode =
    onUnconverted === undefined || !mayNotConvert(column)
      ? strict
      : lenientEncoder(strict, prefix.length, nullBytes ?? placeholderBytes, () => {
          onUnconverted(column);
        });
  return {
    tupleIndex: column.tupleIndex,
    identity: column.identity,
    prefix: prepareConstant(prefix),
    encode,
    nullBytes,
    unknownBytes: always ?? prepareConstant(constant(unknownValue(schema, column.format))),
    placeholderBytes,
  };
}

/** Masks what the source sent, then writes that as the column's format says. */
function maskedEncoder(
  mask: ColumnMask,
  encoding: 'latin1' | 'utf8',
  encode: TextEncoder,
): TextEncoder {
  return (bytes, start, end, out) => {
    const text = Buffer.from(maskText(mask, bytes.toString(encoding, start, end)), encoding);
    encode(text, 0, text.length, out);
  };
}

interface Parts {
  readonly prefix: Buffer;
  /** Prefix and value, or branch and value, of a value known beforehand. */
  readonly constant: (value: ConnectValue) => Buffer;
  readonly encode: TextEncoder;
}

function jsonParts(
  column: ColumnSchema,
  field: { readonly name: string; readonly schema: ConnectSchema },
  first: boolean,
  options: JsonTextOptions,
): Parts {
  const name = `${first ? '' : ','}${jsonString(field.name)}:`;
  return {
    prefix: Buffer.from(name),
    constant: (value) => Buffer.from(name + valueJson(field.schema, value, options)),
    encode: sharedEncoder(column.format, field.schema, `json ${JSON.stringify(options)}`, () =>
      jsonTextEncoder(column.format, field.schema, options),
    ),
  };
}

function avroParts(column: ColumnSchema, schema: ConnectSchema, replaceNull: boolean): Parts {
  const general = compileAvroEncoder(schema, replaceNull);
  const { format } = column;
  const nulling = mayBeNull(format, schema);
  const branch = avroBranch(schema);
  return {
    prefix: nulling ? Buffer.alloc(0) : branch,
    constant: (value) => {
      const writer = new ByteWriter(64);
      general(writer, value);
      return Buffer.from(writer.written());
    },
    encode:
      format.kind === 'custom'
        ? (bytes, start, end, out) =>
            general(out, format.convert(bytes.toString(textEncoding(format), start, end)))
        : nulling
          ? sharedEncoder(format, schema, `avro union ${replaceNull}`, () =>
              avroUnionEncoder(format, schema, branch[0] as number, replaceNull),
            )
          : sharedEncoder(format, schema, 'avro', () => avroTextEncoder(format, schema)),
  };
}

/**
 * A converter may make null of a text, and so may a date that no calendar has: such values bring
 * the branch of the union along.
 */
function mayBeNull(format: TextFormat, schema: ConnectSchema): boolean {
  switch (format.kind) {
    case 'custom':
      return true;
    case 'calendar-date':
    case 'calendar-time':
    case 'instant':
      return schema.optional && format.rules.zero === 'null';
    default:
      return false;
  }
}

/** The index of the value's branch: [null, T], and [T, null] when T has a default (PITFALLS C6). */
function avroBranch(schema: ConnectSchema): Buffer {
  if (!schema.optional) return Buffer.alloc(0);
  const defaultFirst =
    schema.default !== undefined && schema.default !== null && schema.type !== 'struct';
  return Buffer.from([defaultFirst ? 0 : 2]);
}

function orNull<T>(make: () => T): T | null {
  try {
    return make();
  } catch {
    return null;
  }
}
