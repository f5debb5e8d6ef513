import { expect, test } from 'vitest';
import type {
  ConnectSchema,
  ConnectType,
  ConnectValue,
} from '../../../src/model/connect-schema.ts';
import { javaHash, murmurHash } from '../../../src/transform/debezium/java-hash.ts';

const of = (type: ConnectType): ConnectSchema => ({ type, optional: false });

test.each<[ConnectType, ConnectValue, number]>([
  ['string', 'hello', 99_162_322],
  ['string', '', 0],
  ['int32', -5, -5],
  ['int64', 2n ** 32n + 1n, 0],
  ['int64', -1n, 0],
  ['boolean', true, 1231],
  ['float64', 1.5, 1_073_217_536],
  ['float32', 1.5, 1_069_547_520],
  ['bytes', { unscaled: 1234n, scale: 2 }, 38_256],
  ['bytes', { unscaled: -5n, scale: 2 }, -153],
  ['bytes', Buffer.from([1, 255]), 931],
])('%s %s', (type, value, hash) => {
  expect(javaHash({ schema: of(type), value })).toBe(hash);
});

test('a struct has no hash', () => {
  const schema: ConnectSchema = { type: 'struct', optional: false, fields: [] };
  expect(() => javaHash({ schema, value: { schema, values: [] } })).toThrow('a struct has no hash');
});

test('murmur hashes text, and the hash of anything else', () => {
  const hashes = [
    murmurHash({ schema: of('string'), value: 'a' }),
    murmurHash({ schema: of('int32'), value: 97 }),
  ];
  expect(hashes[0]).not.toBe(hashes[1]);
  expect(murmurHash({ schema: of('int64'), value: 97n })).toBe(hashes[1]);
});
