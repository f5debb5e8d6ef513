import type { JsonObject } from '../foundation/lossless-json.ts';
import type { AvroSkip } from './avro-reader.ts';

/** Goes past a value of a type that is no record, array, map or union. */
export function skipLeaf(type: string, node: JsonObject): AvroSkip {
  switch (type) {
    case 'boolean':
      return (reader) => {
        reader.boolean();
      };
    case 'int':
      return (reader) => {
        reader.int();
      };
    case 'long':
      return (reader) => {
        reader.skipLong();
      };
    case 'float':
      return skipBytes(4);
    case 'double':
      return skipBytes(8);
    case 'enum': {
      const { length } = node['symbols'] as readonly string[];
      return (reader) => {
        const symbol = reader.int();
        if (symbol < 0 || symbol >= length) reader.fail('no such enum symbol');
      };
    }
    case 'fixed':
      return skipBytes(Number(node['size']));
    default:
      return (reader) => {
        reader.skip(reader.length());
      };
  }
}

function skipBytes(count: number): AvroSkip {
  return (reader) => {
    reader.skip(count);
  };
}

/** Goes past an optional value. */
export function skipNullable(value: AvroSkip, nullIndex: number): AvroSkip {
  return (reader) => {
    const branch = reader.int();
    if (branch === nullIndex) return;
    if (branch !== 1 - nullIndex) reader.fail(`no union branch ${branch}`);
    value(reader);
  };
}

/** Goes past all fields of a record. */
export function skipRecord(fields: readonly AvroSkip[]): AvroSkip {
  return (reader) => {
    for (const skip of fields) skip(reader);
  };
}

/** Goes past the items of an array. */
export function skipArray(item: AvroSkip): AvroSkip {
  return (reader) => {
    for (let count = reader.blockCount(); count > 0; count = reader.blockCount()) {
      for (let i = 0; i < count; i++) item(reader);
    }
  };
}

/** Goes past the entries of a map, whose keys are strings. */
export function skipMap(value: AvroSkip): AvroSkip {
  return skipArray((reader) => {
    reader.skip(reader.length());
    value(reader);
  });
}
