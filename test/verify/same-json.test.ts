import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseLosslessJson } from '../../src/foundation/lossless-json.ts';
import type { SameNumber } from '../../src/verify/same-json.ts';
import { sameDigits, sameDouble, sameJson, sameSingle } from '../../src/verify/same-json.ts';

const same = (one: string, other: string, numbers: SameNumber = sameDigits): boolean =>
  sameJson(parseLosslessJson(one), parseLosslessJson(other), numbers);

test('numbers are what they are worth, to the last digit', () => {
  for (const [one, other] of [
    ['1', '1.0'],
    ['1e3', '1000'],
    ['-0.0', '0'],
    ['120', '1.2E+2'],
    ['0.00120', '12e-4'],
    ['9007199254740993', '9007199254740993.0'],
    ['{"a": 1.10, "b": [null]}', '{"b": [null], "a": 11e-1}'],
  ] as const) {
    expect([one, other, same(one, other)]).toEqual([one, other, true]);
  }
  for (const [one, other] of [
    ['9007199254740993', '9007199254740992'],
    ['0.12345678901234567890', '0.12345678901234567891'],
    ['1', '-1'],
    ['1', '"1"'],
    ['1', 'true'],
    ['0', 'null'],
    ['[1, 2]', '[2, 1]'],
    ['[1]', '[1, null]'],
    ['{}', '[]'],
    ['{"a": null}', '{}'],
    ['{"a": null}', '{"b": null}'],
    ['{"__proto__": 1}', '{"x": 1}'],
  ] as const) {
    expect([one, other, same(one, other)]).toEqual([one, other, false]);
    expect(same(other, one)).toBe(false);
  }
});

test('a value is itself, and another way to write a number is no other one', () => {
  const written = fc.tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.nat({ max: 9 }));
  fc.assert(
    fc.property(written, written, ([digits, places], [others]) => {
      const spread = digits === 0n ? '0e9' : `${digits}${'0'.repeat(places)}e-${places}`;
      expect(same(String(digits), spread)).toBe(true);
      expect(same(String(digits), `${others}`)).toBe(digits === others);
    }),
    { numRuns: 500, seed: 3 },
  );
  fc.assert(
    fc.property(fc.json(), (json) => {
      expect(same(json, json)).toBe(true);
    }),
    { numRuns: 300, seed: 3 },
  );
});

test('numbers that the server made doubles or floats of', () => {
  const long = '0.12345678901234567890';
  expect([same(long, String(Number(long))), same(long, String(Number(long)), sameDouble)]).toEqual([
    false,
    true,
  ]);
  expect(same('9007199254740993', '9007199254740992', sameDouble)).toBe(false);
  expect([same('0.1234567', '0.12345670163631439', sameSingle)]).toEqual([true]);
  expect(same('0.1234567', '0.123457', sameSingle)).toBe(false);
});
