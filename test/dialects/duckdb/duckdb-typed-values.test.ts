import * as library from '@duckdb/node-api';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { duckdbEncoder } from '../../../dialects/duckdb/duckdb-cell-encoder.ts';
import { duckdbScalar } from '../../../dialects/duckdb/duckdb-nested.ts';
import { TYPED_WHOLE } from '../../../dialects/duckdb/duckdb-typed-values.ts';
import type { ConnectSchema, ConnectValue } from '../../../src/model/connect-schema.ts';
import { DECIMAL } from '../../../src/model/connect-schema.ts';
import { plainReader } from '../../../src/sink/sql/duckdb-plain-values.ts';
import { must } from '../../../src/foundation/assert.ts';

const of = (type: ConnectSchema['type'], name?: string): ConnectSchema => ({
  type,
  optional: true,
  ...(name === undefined ? {} : { name }),
});

const decimal = (precision: number, scale: number): ConnectSchema => ({
  ...of('bytes', DECIMAL),
  parameters: { scale: String(scale), 'connect.decimal.precision': String(precision) },
});

const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const int = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const edge = fc.constantFrom(-30_610_224_000_000_000n, 253_402_300_799_999_999n, 0n, -1n);
const micros = fc.oneof(long, edge, fc.bigInt(-40_000_000_000_000_000n, 300_000_000_000_000_000n));

/** As sources write them, and as others do. */
const instants = fc
  .tuple(
    fc.date({ min: new Date('0900-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
    fc.constantFrom('', '.5', '.123456', '.000000', '.1234567', '.123456000'),
    fc.constantFrom('Z', 'Z', 'Z', '+00:00', '+05:30', '', 'z'),
  )
  .map(([date, fraction, zone]) => date.toISOString().slice(0, 19) + fraction + zone);

const unscaled = (digits: bigint): fc.Arbitrary<ConnectValue> =>
  fc
    .bigInt({ min: -(10n ** digits), max: 10n ** digits })
    .map((value) => ({ unscaled: value, scale: 2 }));

/** A schema, values of it, and one in the usual form. */
const CASES: readonly (readonly [ConnectSchema, fc.Arbitrary<ConnectValue>, ConnectValue])[] = [
  [of('int8'), fc.integer({ min: -128, max: 127 }), -128],
  [of('int16'), fc.integer({ min: -40_000, max: 40_000 }), -32_768],
  [of('int32'), int, -0],
  [of('int64'), fc.oneof(long, fc.maxSafeInteger()), -(2n ** 63n)],
  [of('float32'), fc.oneof(fc.float(), fc.double()), 0.5],
  [of('float64'), fc.double(), -0],
  [of('boolean'), fc.boolean(), true],
  [decimal(4, 2), unscaled(5n), { unscaled: -9_999n, scale: 2 }],
  [decimal(38, 2), unscaled(39n), { unscaled: 10n ** 38n - 1n, scale: 2 }],
  [decimal(12, 3), unscaled(12n), { unscaled: 0n, scale: 3 }],
  [of('int32', 'io.debezium.time.Date'), fc.oneof(int, fc.integer({ max: 3e6 })), 2_932_896],
  [of('int32', 'org.apache.kafka.connect.data.Date'), int, -354_285],
  [of('int64', 'io.debezium.time.MicroTimestamp'), micros, 253_402_300_799_999_999n],
  [of('int64', 'io.debezium.time.Timestamp'), micros.map((at) => at / 1000n), -1n],
  [of('string', 'io.debezium.time.ZonedTimestamp'), instants, '1000-01-01T00:00:00.000001Z'],
];

const encoderOf = (schema: ConnectSchema, type: string) =>
  duckdbEncoder(schema, {
    name: 'v',
    type,
    castType: type,
    isArray: false,
    notNull: false,
    hasDefault: false,
    generated: false,
    identityAlways: false,
  });

describe.each(CASES)('%j (S22)', (schema, values, usual) => {
  const { ddl } = duckdbScalar(schema);
  const encoder = encoderOf(schema, ddl);
  const typed = must(encoder.typed, 'typed');
  const reader = must(plainReader(ddl, library), 'reader');
  const both = (value: Exclude<ConnectValue, null>) => {
    const cell = typed(value);
    return cell === undefined
      ? null
      : [reader.of(cell), reader.read(encoder.encode(value) as string)];
  };

  test('a value is what its text is read as', () => {
    fc.assert(
      fc.property(values, (value) => {
        const found = both(value as Exclude<ConnectValue, null>);
        if (found !== null) expect(found[0]).toEqual(found[1]);
      }),
    );
  });

  test('the usual form needs no text, and a value of another kind goes by it', () => {
    const [value, read] = both(usual as Exclude<ConnectValue, null>) ?? [];
    expect(value).toEqual(read);
    expect(value).toBeDefined();
    expect(typed('text')).toBeUndefined();
  });

  test('a column of another type is written by texts', () => {
    expect(encoderOf(schema, 'VARCHAR').typed).toBeUndefined();
    expect(encoderOf(schema, 'DECIMAL(30,9)').typed).toBeUndefined();
  });
});

test('whole numbers beyond their type are left to DuckDB, which refuses them', () => {
  const beyond = { UTINYINT: -1, TINYINT: 128, UINTEGER: 2 ** 32, UBIGINT: -1n, BIGINT: 2n ** 63n };
  for (const [type, value] of Object.entries(beyond)) {
    expect(TYPED_WHOLE[type]?.(value)).toBeUndefined();
  }
  expect(TYPED_WHOLE['UBIGINT']?.(2n ** 64n - 1n)).toBe(2n ** 64n - 1n);
});
