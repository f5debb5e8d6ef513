import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileAvroDecoder } from '../../src/converter/avro-decoder.ts';
import { AvroReader } from '../../src/converter/avro-reader.ts';
import { avroSchemaText } from '../../src/converter/avro-schema.ts';
import { LateEnvelope } from '../../src/converter/late-envelope.ts';
import type { ConnectField, ConnectSchema, Struct } from '../../src/model/connect-schema.ts';
import { isStruct, valueAt } from '../../src/model/connect-schema.ts';
import { plain } from '../support/arbitrary-schema.ts';
import { avscType, toAvsc } from '../support/avsc-oracle.ts';

const long: ConnectSchema = { type: 'int64', optional: false };
const text: ConnectSchema = { type: 'string', optional: false };

function block(name: string): ConnectSchema {
  const fields = [
    { name: 'n', schema: long },
    { name: 's', schema: text },
  ];
  return { type: 'struct', optional: true, name, fields };
}

const FIELDS: readonly ConnectField[] = [
  { name: 'before', schema: block('Before') },
  { name: 'after', schema: block('After') },
  { name: 'source', schema: { ...block('Source'), optional: false } },
  { name: 'op', schema: text },
  { name: 'ts_ms', schema: { ...long, optional: true } },
];

const image = (schema: ConnectSchema) =>
  fc
    .tuple(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.string({ unit: 'grapheme' }))
    .map(([n, s]): Struct => ({ schema, values: [n, s] }));

function anyValue({ name, schema }: ConnectField) {
  if (schema.type === 'struct') return schema.optional ? fc.option(image(schema)) : image(schema);
  if (name === 'op') return fc.constantFrom('c', 'r', 'u', 'd');
  return fc.option(fc.bigInt({ min: 0n, max: 2n ** 62n }));
}

/** Its fields stand in any order, and not all of them are there. */
const anyEnvelope = fc
  .shuffledSubarray([...FIELDS], { minLength: 2 })
  .filter((fields) => ['op', 'after'].every((name) => fields.some((one) => one.name === name)))
  .chain((fields) => {
    const schema: ConnectSchema = { type: 'struct', optional: false, name: 'Envelope', fields };
    return fc
      .tuple(...fields.map(anyValue))
      .map((values): Struct => ({ schema, values: values as Struct['values'] }));
  });

function decoded({ schema, values }: Struct): { late: Struct; reader: AvroReader } {
  const reader = new AvroReader();
  const avro = avroSchemaText(schema);
  reader.reset(avscType(avro).toBuffer(toAvsc(schema, { schema, values })), 0);
  const late = compileAvroDecoder(avro).decode(reader);
  if (late === null || !isStruct(late)) throw new Error('no struct');
  return { late, reader };
}

test('an envelope is the one that was written, asked for one value or for all of them', () => {
  fc.assert(
    fc.property(anyEnvelope, (envelope) => {
      const { late, reader } = decoded(envelope);
      expect(late).toBeInstanceOf(LateEnvelope);
      reader.finish();
      const one = envelope.values.map((_, i) => plain(valueAt(late, i) ?? null));
      expect(one).toEqual(envelope.values.map((value) => plain(value)));
      expect(valueAt(late, envelope.values.length)).toBeUndefined();
      const after = envelope.schema.fields?.findIndex(({ name }) => name === 'after') ?? -1;
      const row = valueAt(late, after);
      expect(plain(late)).toEqual(plain(envelope));
      // What the row has read it keeps, whichever way it is asked for.
      expect(late.values[after]).toBe(row);
      expect(valueAt(late, after)).toBe(row);
    }),
    { seed: 5 },
  );
});

test('a damaged envelope is refused when it is read, not when somebody asks', () => {
  const fields = FIELDS.filter(({ name }) => name !== 'before');
  const schema: ConnectSchema = { type: 'struct', optional: false, name: 'Envelope', fields };
  const row = (n: bigint): Struct => ({ schema: block('After'), values: [n, 'row'] });
  const source: Struct = { schema: block('Source'), values: [2n, 'block'] };
  const avro = avroSchemaText(schema);
  const whole = avscType(avro).toBuffer(
    toAvsc(schema, { schema, values: [row(1n), source, 'u', 7n] }),
  );
  const { decode } = compileAvroDecoder(avro);
  for (let length = 0; length < whole.length; length++) {
    const reader = new AvroReader();
    reader.reset(whole.subarray(0, length), 0);
    expect(() => {
      decode(reader);
      reader.finish();
    }).toThrow('Avro');
  }
});
