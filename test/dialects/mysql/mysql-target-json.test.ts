import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exactJson } from '../../../dialects/mysql/mysql-target-json.ts';

test('whatever JavaScript prints is kept as it is', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(exactJson(text)).toBe(text);
    }),
  );
});

test.each([
  '[-9223372036854775808, 18446744073709551615]',
  '[0.10, 1E+2, -0.0]',
  '{"12345678901234567890123": "1e999"}',
])('%s is kept', (text) => {
  expect(exactJson(text)).toBe(text);
});

test.each([
  '18446744073709551616',
  '[0.12345678901234567890]',
  '{"a": 1e999}',
  '1.00000000000000000001',
])('%s would be another number, and is refused (S15, S16)', (text) => {
  expect(() => exactJson(text)).toThrow(/more digits/);
});
