import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileAvroDecoder } from '../../src/converter/avro-decoder.ts';
import { AvroReader } from '../../src/converter/avro-reader.ts';
import { avroSchemaText } from '../../src/converter/avro-schema.ts';
import { LateStruct } from '../../src/converter/late-struct.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../../src/model/connect-schema.ts';
import { isStruct, valueAt, valuesOnce } from '../../src/model/connect-schema.ts';
import { anyStruct, plain } from '../support/arbitrary-schema.ts';
import { avscType, toAvsc } from '../support/avsc-oracle.ts';

/** Around a struct, as an envelope has it. */
function envelopeOf(inner: ConnectSchema, field: 'source' | 'other'): ConnectSchema {
  const text: ConnectSchema = { type: 'string', optional: false };
  return {
    type: 'struct',
    optional: false,
    name: 'Envelope',
    fields: [
      { name: 'first', schema: text },
      { name: field, schema: { ...inner, optional: true } },
      { name: 'last', schema: text },
    ],
  };
}

/** Avsc takes it for what it is in JavaScript. */
function hasProto(value: ConnectValue): boolean {
  const text = JSON.stringify(plain(value), (_key, item: unknown) =>
    typeof item === 'bigint' ? '' : item,
  );
  return text.includes('__proto__');
}

function decode(schema: ConnectSchema, bytes: Buffer): Struct {
  const reader = new AvroReader();
  reader.reset(bytes, 0);
  const value = compileAvroDecoder(avroSchemaText(schema)).decode(reader);
  reader.finish();
  if (value === null || !isStruct(value)) throw new Error('no struct');
  return value;
}

function encode(schema: ConnectSchema, value: Struct): Buffer {
  return avscType(avroSchemaText(schema)).toBuffer(toAvsc(schema, value));
}

describe('a struct that is read late', () => {
  test('is the one that is read at once, whole and value by value', () => {
    fc.assert(
      fc.property(anyStruct, ({ schema: inner, value }) => {
        fc.pre(isStruct(value) && !hasProto(value));
        const block = { ...inner, name: inner.name ?? 'Inner' };
        const values = ['a', { schema: block, values: value.values }, 'z'];
        const [late, whole] = (['source', 'other'] as const).map((field) => {
          const schema = envelopeOf(block, field);
          return decode(schema, encode(schema, { schema, values })).values[1] as Struct;
        }) as [Struct, Struct];
        expect(late).toBeInstanceOf(LateStruct);
        expect(whole).not.toBeInstanceOf(LateStruct);
        expect(isStruct(late)).toBe(true);
        const one = whole.values.map((_, i) => plain(valueAt(late, i) ?? null));
        expect(one).toEqual(whole.values.map((item) => plain(item)));
        expect(valueAt(late, whole.values.length)).toBeUndefined();
        expect(plain({ schema: block, values: valuesOnce(late) })).toEqual(plain(whole));
        if (whole.values.length > 0) expect(valuesOnce(late)).not.toBe(valuesOnce(late));
        expect(valuesOnce(whole)).toBe(whole.values);
        expect(plain(late)).toEqual(plain(whole));
        expect(late.values).toBe(late.values);
        expect(valueAt(late, 0)).toBe(late.values[0]);
        expect(valuesOnce(late)).toBe(late.values);
      }),
    );
  });

  test('null stays null', () => {
    const inner: ConnectSchema = { type: 'struct', optional: true, name: 'I', fields: [] };
    const schema = envelopeOf(inner, 'source');
    const value = { schema, values: ['a', null, 'z'] };
    expect(decode(schema, encode(schema, value)).values).toEqual(['a', null, 'z']);
  });
});
