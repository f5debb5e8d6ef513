import { expect, test } from 'vitest';
import type { ConnectSchema } from '../../../src/model/connect-schema.ts';
import { SameSchemas } from '../../../src/transform/debezium/same-schemas.ts';

const schema = (initial: bigint): ConnectSchema => ({
  type: 'int64',
  optional: true,
  default: initial,
});

test('what says the same is the same object', () => {
  const schemas = new SameSchemas();
  const first = schema(1n);
  expect(schemas.same(first)).toBe(first);
  expect(schemas.same(schema(1n))).toBe(first);
  expect(schemas.same(schema(2n))).not.toBe(first);
});

test('so many are kept', () => {
  const schemas = new SameSchemas();
  const first = schemas.same(schema(0n));
  for (let i = 1n; i <= 1000n; i++) schemas.same(schema(i));
  expect(schemas.same(schema(0n))).not.toBe(first);
});
