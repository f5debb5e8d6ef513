import { must } from '../foundation/assert.ts';
import type { ByteWriter } from '../foundation/byte-writer.ts';
import { TidemarkError } from '../foundation/errors.ts';
import { bigIntToBytes, isDecimal, isStruct } from '../model/connect-schema.ts';
import type { ConnectSchema, ConnectValue } from '../model/connect-schema.ts';
import {
  writeAvroBytes,
  writeAvroDouble,
  writeAvroFloat,
  writeAvroInt,
  writeAvroLong,
  writeAvroString,
} from './avro-primitives.ts';

/** Writes a value of the schema that it was compiled for. Throws VALUE_CONVERSION for a misfit. */
export type AvroEncoder = (writer: ByteWriter, value: ConnectValue) => void;

/** An encoder for the Avro schema that `avroSchemaText` gives for the same Connect schema. */
export function compileAvroEncoder(schema: ConnectSchema, replaceNull = false): AvroEncoder {
  const required = compileRequired(schema, replaceNull);
  const fallback = schema.default ?? null;
  if (!schema.optional) {
    return (writer, value) => required(writer, value ?? fallback);
  }
  // With a default the union is [T, null], without it [null, T] (PITFALLS C6).
  const nullIndex = fallback !== null && schema.type !== 'struct' ? 1 : 0;
  return (writer, value) => {
    const written = value === null && replaceNull ? fallback : value;
    if (written === null) {
      writeAvroInt(writer, nullIndex);
    } else {
      writeAvroInt(writer, 1 - nullIndex);
      required(writer, written);
    }
  };
}

function compileRequired(schema: ConnectSchema, replaceNull: boolean): AvroEncoder {
  switch (schema.type) {
    case 'int8':
    case 'int16':
    case 'int32':
      return (writer, value) => writeAvroInt(writer, integer(schema, value));
    case 'int64':
      return (writer, value) =>
        typeof value === 'bigint' ? writeAvroLong(writer, value) : misfit(schema, value);
    case 'float32':
      return (writer, value) =>
        typeof value === 'number' ? writeAvroFloat(writer, value) : misfit(schema, value);
    case 'float64':
      return (writer, value) =>
        typeof value === 'number' ? writeAvroDouble(writer, value) : misfit(schema, value);
    case 'boolean':
      return (writer, value) =>
        typeof value === 'boolean' ? writer.u8(value ? 1 : 0) : misfit(schema, value);
    case 'string':
      return (writer, value) =>
        typeof value === 'string' ? writeAvroString(writer, value) : misfit(schema, value);
    case 'bytes':
      return (writer, value) => {
        if (Buffer.isBuffer(value)) writeAvroBytes(writer, value);
        else if (value !== null && isDecimal(value)) {
          writeAvroBytes(writer, bigIntToBytes(value.unscaled));
        } else misfit(schema, value);
      };
    case 'array':
      return compileArray(schema, replaceNull);
    case 'map':
      return compileMap(schema, replaceNull);
    case 'struct':
      return compileStruct(schema, replaceNull);
  }
}

function integer(schema: ConnectSchema, value: ConnectValue): number {
  return typeof value === 'number' && value === (value | 0) ? value : misfit(schema, value);
}

function compileArray(schema: ConnectSchema, replaceNull: boolean): AvroEncoder {
  const item = compileAvroEncoder(must(schema.valueSchema, 'array has items'), replaceNull);
  return (writer, value) => {
    if (!Array.isArray(value)) return misfit(schema, value);
    const items = value as readonly ConnectValue[];
    if (items.length > 0) {
      writeAvroInt(writer, items.length);
      for (const element of items) item(writer, element);
    }
    writer.u8(0);
  };
}

/** Avro maps and arrays of MapEntry have the same bytes, but for an optional key's branch. */
function compileMap(schema: ConnectSchema, replaceNull: boolean): AvroEncoder {
  const key = compileAvroEncoder(must(schema.keySchema, 'map has keys'), replaceNull);
  const item = compileAvroEncoder(must(schema.valueSchema, 'map has values'), replaceNull);
  return (writer, value) => {
    if (!(value instanceof Map)) return misfit(schema, value);
    const entries = value as ReadonlyMap<string | number, ConnectValue>;
    if (entries.size > 0) {
      writeAvroInt(writer, entries.size);
      for (const [name, element] of entries) {
        key(writer, name);
        item(writer, element);
      }
    }
    writer.u8(0);
  };
}

function compileStruct(schema: ConnectSchema, replaceNull: boolean): AvroEncoder {
  const encoders = (schema.fields ?? []).map((field) =>
    compileAvroEncoder(field.schema, replaceNull),
  );
  return (writer, value) => {
    if (value === null || !isStruct(value) || value.values.length !== encoders.length) {
      return misfit(schema, value);
    }
    for (let i = 0; i < encoders.length; i++) {
      (encoders[i] as AvroEncoder)(writer, value.values[i] as ConnectValue);
    }
  };
}

function misfit(schema: ConnectSchema, value: ConnectValue): never {
  const shown = value === null ? 'null' : typeof value;
  throw new TidemarkError(
    'VALUE_CONVERSION',
    `${shown} does not fit schema ${schema.name ?? schema.type}`,
  );
}
