import fc from 'fast-check';
import { expect, test } from 'vitest';
import { documentId, isDigest } from '../../../dialects/search/document-id.ts';
import { parsedDocumentId, tellsKey } from '../../../dialects/search/parsed-document-id.ts';
import { VARIABLE_SCALE_DECIMAL } from '../../../dialects/semantic-schemas.ts';
import { formatLosslessJson } from '../../../src/foundation/lossless-json.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../../../src/model/connect-schema.ts';
import { bigIntToBytes, DECIMAL } from '../../../src/model/connect-schema.ts';

interface Part {
  readonly schema: ConnectSchema;
  readonly value: ConnectValue;
}

const of = (
  type: ConnectSchema['type'],
  values: fc.Arbitrary<ConnectValue>,
  more: Partial<ConnectSchema> = {},
): fc.Arbitrary<Part> =>
  fc.tuple(fc.boolean(), values).map(([optional, value]) => ({
    schema: { type, ...more, optional },
    value,
  }));

const decimal = fc
  .tuple(fc.integer({ min: -3, max: 9 }), fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }))
  .chain(([scale, unscaled]) =>
    of('bytes', fc.constant({ unscaled, scale }), {
      name: DECIMAL,
      parameters: { scale: String(scale) },
    }),
  );
const variable = fc
  .tuple(fc.integer({ min: 0, max: 9 }), fc.bigInt())
  .map(([scale, unscaled]): Part => ({
    schema: VARIABLE_SCALE_DECIMAL,
    value: { schema: VARIABLE_SCALE_DECIMAL, values: [scale, bigIntToBytes(unscaled)] },
  }));
const texts = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom('', '[null]', '[""]', 'null', '42', 'sha256:x', '"', '[1]', 'x'.repeat(600)),
);
const part = fc.oneof(
  of('string', texts),
  of('int32', fc.integer()),
  of('int64', fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  of('boolean', fc.boolean()),
  of('float64', fc.double()),
  of(
    'bytes',
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  ),
  decimal,
  variable,
);

function keyOf(parts: readonly Part[]): Struct {
  const fields = parts.map(({ schema }, i) => ({ name: `k${i}`, schema }));
  const values = parts.map(({ value }) => value);
  return { schema: { type: 'struct', optional: false, fields }, values };
}

test('the key of an id has that id, and only digests tell none', () => {
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 3 }), (parts) => {
      const key = keyOf(parts);
      const id = documentId(key);
      const back = parsedDocumentId(id, key.schema);
      if (isDigest(id)) expect(back).toBeNull();
      else expect(documentId(back ?? key)).toBe(id);
      expect(back === null).toBe(isDigest(id));
    }),
    { numRuns: 2000, seed: 7 },
  );
});

test('an id that no key of the schema has', () => {
  const single = (type: ConnectSchema['type']): ConnectSchema =>
    keyOf([{ schema: { type, optional: false }, value: null }]).schema;
  for (const id of ['a', '042', '4.0', '1e3', '[4]', 'null', '[null]', 'true', '']) {
    expect([id, parsedDocumentId(id, single('int64'))]).toEqual([id, null]);
  }
  expect(parsedDocumentId('42', single('int64'))?.values).toEqual([42n]);
  expect(parsedDocumentId('NaN', single('float64'))?.values).toEqual([Number.NaN]);
  expect(parsedDocumentId('abc', single('float64'))).toBeNull();
  const pair = keyOf([
    { schema: { type: 'int32', optional: false }, value: 1 },
    { schema: { type: 'string', optional: true }, value: null },
  ]);
  expect(parsedDocumentId('[1,null]', pair.schema)?.values).toEqual([1, null]);
  for (const id of ['[1]', '[1,"a",2]', '[1, "a"]', '["1","a"]', '1', formatLosslessJson({})]) {
    expect([id, parsedDocumentId(id, pair.schema)]).toEqual([id, null]);
  }
});

test('keys that an id does not tell', () => {
  const array: ConnectSchema = { type: 'array', optional: false };
  const shape: ConnectSchema = { type: 'struct', optional: false, fields: [] };
  expect([array, shape, VARIABLE_SCALE_DECIMAL].map(tellsKey)).toEqual([false, false, true]);
});
