import { expect, test } from 'vitest';
import { murmurOfBytes, murmurOfInt } from '../../../src/transform/debezium/murmur-hash3.ts';

// Told by io.debezium.util.MurmurHash3 of Debezium 3.6.0.
test.each([
  ['', 89125410],
  ['a', -1119243492],
  ['hello world', -1618535543],
  ['sixteen bytes ok', -60060221],
  ['a longer text that fills two blocks and more', 2049303913],
  ['äöü€😀 mixed', 535682635],
])('%s', (text, hash) => {
  expect(murmurOfBytes(Buffer.from(text))).toBe(hash);
});

test.each([
  [0, 1805505889],
  [1, -1931162451],
  [-1, 171705313],
  [123456789, 1798169500],
  [-2147483648, -797218156],
])('%i', (value, hash) => {
  expect(murmurOfInt(value)).toBe(hash);
});
