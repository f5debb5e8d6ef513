import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileAvroDecoder } from '../../src/converter/avro-decoder.ts';
import { AvroReader } from '../../src/converter/avro-reader.ts';
import { avroSchemaText } from '../../src/converter/avro-schema.ts';
import { anyStruct, plain } from '../support/arbitrary-schema.ts';
import { avscType, toAvsc } from '../support/avsc-oracle.ts';

test('ends where reading ends, and refuses the same damaged bytes for the same reason', () => {
  fc.assert(
    fc.property(anyStruct, fc.array(fc.tuple(fc.nat(), fc.nat(255))), (struct, damages) => {
      const names = JSON.stringify(plain(struct.value), (_key, item: unknown) =>
        typeof item === 'bigint' ? '' : item,
      );
      fc.pre(!names.includes('__proto__'));
      const text = avroSchemaText(struct.schema);
      const bytes: Buffer = avscType(text).toBuffer(toAvsc(struct.schema, struct.value));
      for (const [at, byte] of damages) if (bytes.length > 0) bytes[at % bytes.length] = byte;
      const compiled = compileAvroDecoder(text);
      const outcome = (run: (reader: AvroReader) => unknown): number | string => {
        const reader = new AvroReader();
        reader.reset(bytes, 0);
        try {
          run(reader);
          return reader.position;
        } catch (error) {
          return String(error);
        }
      };
      expect(outcome(compiled.skip)).toBe(outcome(compiled.decode));
    }),
  );
});

test('an enum symbol that is not there, a fixed that is cut off', () => {
  const text = `{"type":"record","name":"R","fields":[
    {"name":"e","type":{"type":"enum","name":"E","symbols":["X","Y"]}},
    {"name":"f","type":{"type":"fixed","name":"F","size":2}}]}`;
  const skip = (hex: string): number => {
    const reader = new AvroReader();
    reader.reset(Buffer.from(hex, 'hex'), 0);
    compileAvroDecoder(text).skip(reader);
    return reader.position;
  };
  expect(skip('02aabb')).toBe(3);
  expect(() => skip('04aabb')).toThrow('no such enum symbol');
  expect(() => skip('01aabb')).toThrow('no such enum symbol');
  expect(() => skip('02aa')).toThrow('2 bytes wanted');
});
