import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  bitsText,
  decimalText,
  shapeText,
  variableDecimalText,
  withoutScale,
} from '../../dialects/exact-texts.ts';
import type { ConnectSchema, Struct } from '../../src/model/connect-schema.ts';
import { bigIntToBytes } from '../../src/model/connect-schema.ts';

const VARIABLE: ConnectSchema = {
  type: 'struct',
  optional: true,
  name: 'io.debezium.data.VariableScaleDecimal',
  fields: [],
};

function variable(unscaled: bigint, scale: number): Struct {
  return { schema: VARIABLE, values: [scale, bigIntToBytes(unscaled)] };
}

test('a decimal has all its digits, with its own scale or that of its schema', () => {
  fc.assert(
    fc.property(fc.bigInt(), fc.integer({ min: 0, max: 40 }), (unscaled, scale) => {
      const text = decimalText({ unscaled, scale });
      expect(variableDecimalText(variable(unscaled, scale))).toBe(text);
      expect(BigInt(text.replace('.', ''))).toBe(unscaled);
      expect(text.split('.')[1]?.length ?? 0).toBe(scale);
    }),
  );
  expect(() => decimalText('1')).toThrow('should be a Decimal but is string');
  expect(() => variableDecimalText({ schema: VARIABLE, values: ['1', null] })).toThrow(
    'should be a VariableScaleDecimal',
  );
});

test.each([
  ['1.10', '1.1'],
  ['1.00', '1'],
  ['100', '100'],
  ['-0.500', '-0.5'],
  ['0', '0'],
])('%s without its scale is %s (S3)', (digits, wanted) => {
  expect(withoutScale(digits)).toBe(wanted);
});

test('bits come in the order in which they are read, filled up to the length', () => {
  expect(bitsText(12)(Buffer.from([0b0000_0101, 0b1]))).toBe('000100000101');
  expect(bitsText(0)(Buffer.from([0b101]))).toBe('101');
  expect(bitsText(3)(Buffer.alloc(0))).toBe('000');
  expect(() => bitsText(1)('1')).toThrow('should be bytes');
});

test('a sparse vector is a text, any other struct is for others', () => {
  const entries = new Map([[2, 1.5]]) as never;
  const name = 'io.debezium.data.SparseDoubleVector';
  const vector = { schema: { ...VARIABLE, name }, values: [3, entries] };
  expect(shapeText(vector)).toBe('{2:1.5}/3');
  expect(shapeText(variable(1n, 0))).toBeNull();
});
