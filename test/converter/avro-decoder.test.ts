import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileAvroDecoder } from '../../src/converter/avro-decoder.ts';
import { AvroReader } from '../../src/converter/avro-reader.ts';
import { avroSchemaText } from '../../src/converter/avro-schema.ts';
import { anyStruct, plain } from '../support/arbitrary-schema.ts';
import { avscType, toAvsc } from '../support/avsc-oracle.ts';

function decode(schemaText: string, bytes: Buffer) {
  const reader = new AvroReader();
  reader.reset(bytes, 0);
  const value = compileAvroDecoder(schemaText).decode(reader);
  reader.finish();
  return value;
}

describe('decoding', () => {
  test('what avsc wrote', () => {
    fc.assert(
      fc.property(anyStruct, ({ schema, value }) => {
        const names = JSON.stringify(plain(value), (_key, item: unknown) =>
          typeof item === 'bigint' ? '' : item,
        );
        fc.pre(!names.includes('__proto__'));
        const text = avroSchemaText(schema);
        const bytes = avscType(text).toBuffer(toAvsc(schema, value));
        expect(plain(decode(text, bytes))).toEqual(plain(value));
      }),
    );
  });

  test('enums are their symbols, fixed are bytes', () => {
    const text = `{"type":"record","name":"R","fields":[
      {"name":"e","type":{"type":"enum","name":"E","symbols":["X","Y"]}},
      {"name":"f","type":{"type":"fixed","name":"F","size":2}},
      {"name":"d","type":{"type":"fixed","name":"D","size":2,"logicalType":"decimal","scale":1}}]}`;
    expect(plain(decode(text, Buffer.from('02aabb00ff', 'hex')))).toEqual([
      'Y',
      'aabb',
      { unscaled: 255n, scale: 1 },
    ]);
    expect(() => decode(text, Buffer.from('04aabb00ff', 'hex'))).toThrow('no such enum symbol');
  });

  test('a union branch that is not there', () => {
    const text = '{"type":"record","name":"R","fields":[{"name":"a","type":["null","int"]}]}';
    expect(() => decode(text, Buffer.from('04', 'hex'))).toThrow('no union branch 2');
  });
});
