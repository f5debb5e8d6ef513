import { expect, test } from 'vitest';
import {
  asBigInt,
  asNumber,
  asString,
  asStruct,
  integerText,
} from '../../dialects/connect-values.ts';
import type { ConnectValue } from '../../src/model/connect-schema.ts';

test.each<[string, (value: ConnectValue) => unknown, ConnectValue, unknown]>([
  ['a number', asNumber, 1.5, 1.5],
  ['a number of 64 bits', asNumber, 7n, 7],
  ['an integer of 64 bits', asBigInt, 2n ** 63n - 1n, 2n ** 63n - 1n],
  ['an integer that a double holds', asBigInt, 5, 5n],
  ['digits', integerText, -7, '-7'],
  ['digits of 64 bits', integerText, 2n ** 63n, '9223372036854775808'],
  ['a text', asString, 'x', 'x'],
])('%s', (_what, read, value, expected) => {
  expect(read(value)).toBe(expected);
});

test.each<[string, (value: ConnectValue) => unknown, ConnectValue, string]>([
  ['text', asNumber, '1', 'a number but is string'],
  ['a fraction', asBigInt, 1.5, 'an integer but is number'],
  ['past what a double holds', asBigInt, 2 ** 53, 'an integer but is number'],
  ['a fraction in digits', integerText, 0.5, 'an integer but is number'],
  ['bytes', asString, Buffer.from('x'), 'a string but is bytes'],
  ['a list', asStruct, [1], 'a struct but is array'],
])('%s is refused', (_what, read, value, expected) => {
  expect(() => read(value)).toThrow(
    expect.objectContaining({
      code: 'VALUE_CONVERSION',
      message: `a value should be ${expected}`,
    }),
  );
});
