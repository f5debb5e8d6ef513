import { expect, test } from 'vitest';
import { duckdbEncoder } from '../../../dialects/duckdb/duckdb-cell-encoder.ts';
import type { ConnectSchema } from '../../../src/model/connect-schema.ts';

const decimal: ConnectSchema = {
  type: 'bytes',
  optional: true,
  name: 'org.apache.kafka.connect.data.Decimal',
  parameters: { scale: '4', 'connect.decimal.precision': '12' },
};

const encoded = (type: string, unscaled: bigint): string | null =>
  duckdbEncoder(decimal, {
    name: 'v',
    type,
    castType: type,
    isArray: false,
    notNull: false,
    hasDefault: false,
    generated: false,
    identityAlways: false,
  }).encode({ unscaled, scale: 4 });

test('a column of somebody gets a value that it keeps, and no other (S16)', () => {
  expect(encoded('DECIMAL(12,4)', 12_345n)).toBe('1.2345');
  expect(encoded('DECIMAL(20,2)', 12_300n)).toBe('1.23');
  expect(() => encoded('DECIMAL(20,2)', 12_345n)).toThrow(/would round a value/);
  expect(encoded('DECIMAL(20,0)', 50_000n)).toBe('5');
  expect(encoded('VARCHAR', 12_345n)).toBe('1.2345');
});

test('null is null', () => {
  const column = { name: 'v', type: 'DECIMAL(12,4)', castType: '', isArray: false } as const;
  const rest = { notNull: false, hasDefault: false, generated: false, identityAlways: false };
  expect(duckdbEncoder(decimal, { ...column, ...rest }).encode(null)).toBeNull();
});
