import { describe, expect, test } from 'vitest';
import { compileAvroEncoder } from '../../src/converter/avro-encoder.ts';
import { ByteWriter } from '../../src/foundation/byte-writer.ts';
import type { ConnectSchema, ConnectValue } from '../../src/model/connect-schema.ts';

function encode(schema: ConnectSchema, value: ConnectValue, replaceNull = false): string {
  const writer = new ByteWriter();
  compileAvroEncoder(schema, replaceNull)(writer, value);
  return writer.written().toString('hex');
}

const list: ConnectSchema = {
  type: 'array',
  optional: false,
  valueSchema: { type: 'int32', optional: true },
};
const struct: ConnectSchema = {
  type: 'struct',
  optional: true,
  fields: [{ name: 'a', schema: { type: 'int32', optional: false } }],
};

describe('encoding', () => {
  test('an empty array is one byte, others are one block', () => {
    expect(encode(list, [])).toBe('00');
    expect(encode(list, [1, null])).toBe('0402020000');
  });

  test('an optional struct has null first, whatever its default (PITFALLS C6)', () => {
    expect(encode(struct, null)).toBe('00');
    expect(encode(struct, { schema: struct, values: [3] })).toBe('0206');
    const withDefault = { ...struct, default: { schema: struct, values: [1] } };
    expect(encode(withDefault, null)).toBe('00');
  });

  test('nulls become defaults only when asked (C33)', () => {
    const schema: ConnectSchema = { type: 'int32', optional: true, default: 5 };
    expect(encode(schema, null)).toBe('02');
    expect(encode(schema, null, true)).toBe('000a');
  });

  test.each<[string, ConnectSchema, ConnectValue]>([
    ['null', { type: 'int32', optional: false }, null],
    ['a fraction', { type: 'int32', optional: false }, 1.5],
    ['more than 32 bits', { type: 'int32', optional: false }, 2 ** 31],
    ['a number for int64', { type: 'int64', optional: false }, 1],
    ['text for bytes', { type: 'bytes', optional: false }, 'x'],
    ['text for a list', list, 'x'],
    ['a struct of another length', struct, { schema: struct, values: [] }],
    ['a list for a map', { type: 'map', optional: false, keySchema: list, valueSchema: list }, []],
  ])('%s does not fit', (_what, schema, value) => {
    expect(() => encode(schema, value)).toThrow(
      expect.objectContaining({ code: 'VALUE_CONVERSION' }),
    );
  });
});
