import { describe, expect, test } from 'vitest';
import { parseText } from '../../../dialects/postgres/postgres-text-values.ts';
import { parseColumnText, placeholderValue } from '../../../dialects/text-values.ts';
import { TidemarkError } from '../../../src/foundation/errors.ts';
import { isDecimal, isStruct } from '../../../src/model/connect-schema.ts';
import type {
  ConnectSchema,
  ConnectType,
  ConnectValue,
} from '../../../src/model/connect-schema.ts';
import type { ColumnSchema, PostgresTextFormat } from '../../../src/model/table-schema.ts';

const schema = (type: ConnectType): ConnectSchema => ({ type, optional: false });
const VARIABLE: ConnectSchema = {
  ...schema('struct'),
  fields: [
    { name: 'scale', schema: schema('int32') },
    { name: 'value', schema: schema('bytes') },
  ],
};

/** Values as test tables write them: decimals as `unscaled e scale`, bytes as hex. */
function plain(value: ConnectValue): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Buffer.isBuffer(value)) return `hex ${value.toString('hex')}`;
  if (isDecimal(value)) return `${value.unscaled} e ${value.scale}`;
  if (isStruct(value)) return value.values.map(plain);
  if (Array.isArray(value)) return (value as readonly ConnectValue[]).map(plain);
  return value;
}

type Row = readonly [type: ConnectType, format: PostgresTextFormat, text: string, value: unknown];
const us: PostgresTextFormat = { kind: 'timestamp', unit: 'us' };
const ms: PostgresTextFormat = { kind: 'timestamp', unit: 'ms' };
const ns: PostgresTextFormat = { kind: 'timestamp', unit: 'ns' };
const zoned = (digits: number): PostgresTextFormat => ({ kind: 'zoned-timestamp', digits });
const timetz: PostgresTextFormat = { kind: 'zoned-time' };
const duration: PostgresTextFormat = { kind: 'micro-duration' };
const intervalText: PostgresTextFormat = { kind: 'interval-string' };

// Expected values of the times, numbers and intervals below were recorded from Debezium 3.6.0.Final
// on PostgreSQL 15 (tables t_num and t_time of the golden records), but for the infinities of date.
const VALUES: readonly Row[] = [
  ['int16', { kind: 'integer' }, '-32768', -32768],
  ['boolean', { kind: 'boolean' }, 't', true],
  ['boolean', { kind: 'boolean' }, 'f', false],
  ['bytes', { kind: 'bytea', encoding: 'bytes' }, '\\x00ff10', 'hex 00ff10'],
  ['bytes', { kind: 'bytea', encoding: 'bytes' }, '\\x', 'hex '],
  ['string', { kind: 'bytea', encoding: 'base64' }, '\\xfbff', '+/8='],
  ['string', { kind: 'bytea', encoding: 'base64-url-safe' }, '\\xfbff', '-_8='],
  ['string', { kind: 'bytea', encoding: 'hex' }, '\\xfbff', 'fbff'],
  ['struct', { kind: 'variable-decimal' }, '100.00', [0, 'hex 64']],
  ['struct', { kind: 'variable-decimal' }, '123.456', [3, 'hex 01e240']],
  ['struct', { kind: 'variable-decimal' }, '-0.000000000000000000000000000001', [30, 'hex ff']],
  ['struct', { kind: 'variable-decimal' }, '0.00', [0, 'hex 00']],
  ['string', { kind: 'decimal-string' }, 'NaN', 'NAN'],
  ['int32', { kind: 'date' }, '2020-02-29', 18321],
  ['int32', { kind: 'date' }, '1969-12-31', -1],
  ['int32', { kind: 'date' }, '1582-10-10', -141432],
  ['int32', { kind: 'date' }, '0044-03-15 BC', -735160],
  ['int32', { kind: 'date' }, '12345-06-07', 3789548],
  ['int32', { kind: 'date' }, '9999-12-31', 2932896],
  ['int32', { kind: 'date' }, 'infinity', 2147483647],
  ['int32', { kind: 'date' }, '-infinity', -2147483648],
  ['int64', { kind: 'time', unit: 'us' }, '12:34:56.789012', 45296789012n],
  ['int64', { kind: 'time', unit: 'us' }, '24:00:00', 86400000000n],
  ['int32', { kind: 'time', unit: 'ms' }, '23:59:59.999', 86399999],
  ['int32', { kind: 'time', unit: 'ms' }, '24:00:00', 86400000],
  ['int64', { kind: 'time', unit: 'ns' }, '00:00:00.1', 100000000n],
  ['int64', us, '2020-02-29 12:34:56.789012', 1582979696789012n],
  ['int64', us, '0044-03-15 12:00:00.5 BC', -63517780799500000n],
  ['int64', us, '12345-06-07 08:09:10.111213', 327416976550111213n],
  ['int64', us, '1500-02-28 08:09:10.111213', -14826729049888787n],
  ['int64', us, '1969-12-31 23:59:59.999999', -1n],
  ['int64', us, 'infinity', 9223372036825200000n],
  ['int64', us, '-infinity', -9223372036832400000n],
  ['int64', ms, '1969-12-31 23:59:59.999999', -1n],
  ['int64', ms, '1582-10-10 08:09:10.111213', -12219695449889n],
  ['int64', ms, '294276-12-31 23:59:59.999', 9224318015999999n],
  ['int64', ms, 'infinity', 9223372036825200n],
  ['int64', ms, '-infinity', -9223372036832400n],
  ['int64', { ...us, infinities: '3.7' }, 'infinity', 9223372036854775807n],
  ['int64', { ...us, infinities: '3.7' }, '-infinity', -9223372036854775808n],
  ['int64', { ...ms, infinities: '3.7' }, 'infinity', 9223372036825200000n],
  ['int64', { ...ms, infinities: '3.7' }, '-infinity', -9223372036832400000n],
  ['int64', { ...ms, infinities: '3.7' }, '1969-12-31 23:59:59.999999', -1n],
  ['int64', ns, '2020-02-29 12:34:56.789012', 1582979696789012000n],
  ['int64', ns, 'infinity', 9223372036854775807n],
  ['string', zoned(6), '2020-02-29 10:34:56.789012+00', '2020-02-29T10:34:56.789012Z'],
  ['string', zoned(6), '1970-01-01 00:00:00+00', '1970-01-01T00:00:00.000000Z'],
  ['string', zoned(3), '2020-02-29 12:34:56.7+00', '2020-02-29T12:34:56.700Z'],
  ['string', zoned(0), '0044-03-15 12:00:00+00 BC', '-0043-03-15T12:00:00Z'],
  ['string', zoned(0), '0001-12-31 00:00:00+00 BC', '0000-12-31T00:00:00Z'],
  ['string', zoned(6), '12345-06-07 08:09:10.111213+00', '+12345-06-07T08:09:10.111213Z'],
  ['string', zoned(0), '2020-01-01 00:10:00+05:53:28', '2019-12-31T18:16:32Z'],
  ['string', zoned(6), 'infinity', 'infinity'],
  ['string', zoned(6), '-infinity', '-infinity'],
  ['string', timetz, '12:34:56.789012+02', '10:34:56.789012Z'],
  ['string', timetz, '24:00:00-15:59', '15:59:00Z'],
  ['string', timetz, '23:59:59.999+15:59', '08:00:59.999Z'],
  ['string', timetz, '01:00:00.1+00', '01:00:00.1Z'],
  ['string', { kind: 'iso-date' }, '2017-09-15', '2017-09-15Z'],
  ['string', { kind: 'iso-time' }, '04:05:11.789', '04:05:11.789Z'],
  ['string', { kind: 'iso-timestamp' }, '2019-07-09 02:28:57.1', '2019-07-09T02:28:57.1Z'],
  ['int64', { kind: 'time', unit: 'us', cut: 'ms' }, '23:59:59.999999', 86399999000n],
  ['int64', { kind: 'time', unit: 'ns', cut: 'ms' }, '01:02:03.456789', 3723456000000n],
  ['string', { kind: 'zoned-time', cut: 's' }, '23:59:59.123456-01', '00:59:59Z'],
  ['string', { kind: 'iso-time', cut: 'ms' }, '01:02:03.456789', '01:02:03.456Z'],
  ['string', { kind: 'iso-time' }, '24:00:00', '24:00:00Z'],
  ['string', { kind: 'iso-time', java: true }, '24:00:00', '00:00:00Z'],
  ['string', { kind: 'iso-timestamp' }, 'infinity', 'infinity'],
  ['string', { kind: 'iso-timestamp', java: true }, 'infinity', '+294247-01-10T04:00:25.2Z'],
  ['string', { kind: 'iso-timestamp', java: true }, '-infinity', '-290308-12-21T19:59:27.6Z'],
  ['string', { kind: 'iso-date', java: true }, '-infinity', '-infinity'],
  ['int64', duration, 'P1Y2M3DT4H5M6.789S', 37091106789000n],
  ['int64', duration, 'P-1Y-2M3DT-4H-5M-6.789S', -36572706789000n],
  ['int64', duration, 'PT0S', 0n],
  ['int64', duration, 'PT-0.000001S', -1n],
  ['int64', duration, 'P-5DT-0.001S', -432000001000n],
  ['int64', duration, 'P178000000Y', 9223372036854775807n],
  ['int64', duration, 'P9999Y11M30DT23H59M59.999999S', 315576048600000000n],
  ['int64', duration, '-infinity', -9223372036854775808n],
  ['string', intervalText, 'P1Y2M3DT4H5M6.789S', 'P1Y2M3DT4H5M6.789S'],
  ['string', intervalText, 'PT-0.5S', 'P0Y0M0DT0H0M-0.5S'],
];

const REFUSED: readonly (readonly [ConnectType, PostgresTextFormat, string])[] = [
  ['boolean', { kind: 'boolean' }, 'true'],
  ['bytes', { kind: 'bytea', encoding: 'bytes' }, 'abc\\000'],
  ['struct', { kind: 'variable-decimal' }, '-Infinity'],
  ['bytes', { kind: 'decimal', scale: 2 }, '1.234'],
  ['int32', { kind: 'date' }, '2020-13-01'],
  ['int64', us, '294276-12-31 23:59:59.999999'],
  ['int64', ns, '2262-04-12 00:00:00'],
  ['int64', ns, '1677-01-01 00:00:00'],
  ['int64', us, '2020-02-29T12:34:56'],
  ['int64', duration, '1 day'],
];

describe('parseText', () => {
  test.each(VALUES)('%s %j reads %j', (type, format, text, value) => {
    const full = format.kind === 'variable-decimal' ? VARIABLE : schema(type);
    expect(plain(parseText(format, full, text))).toEqual(value);
  });

  test.each(REFUSED)('%s %j refuses %j', (type, format, text) => {
    expect(() => parseText(format, schema(type), text)).toThrow(
      expect.objectContaining({ code: 'VALUE_CONVERSION' }),
    );
  });
});

function column(format: ColumnSchema['format'], columnSchema: ConnectSchema): ColumnSchema {
  return {
    name: 'secret',
    schema: columnSchema,
    format,
    tupleIndex: 0,
    sourceType: 'numeric(10,2)',
    identity: false,
  };
}

test('an error names table, column and type, and never shows the value', () => {
  const table = { catalog: 'db', schema: 'public', table: 'payroll' };
  const wages = column({ kind: 'decimal', scale: 2 }, schema('bytes'));
  try {
    parseColumnText(table, wages, '123.456');
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(TidemarkError);
    const { message } = error as TidemarkError;
    expect(message).toContain('public.payroll.secret (numeric(10,2))');
    expect(message).not.toContain('123');
  }
});

test('NaN in a precise decimal tells the way out', () => {
  const table = { catalog: 'db', schema: 'public', table: 't' };
  const wages = column({ kind: 'decimal', scale: 2 }, schema('bytes'));
  expect(() => parseColumnText(table, wages, 'NaN')).toThrow(
    expect.objectContaining({
      cure: 'Set decimal.handling.mode to double or string, or leave the column out.',
    }),
  );
});

test('a "char" that is no UTF-8 is an error, never another character', () => {
  const schema: ConnectSchema = { type: 'string', optional: false };
  expect(parseText({ kind: 'byte-text' }, schema, String.raw`\377`)).toBe(String.raw`\377`);
  const raw = Buffer.from([0xff]).toString('utf8');
  expect(() => parseText({ kind: 'byte-text' }, schema, raw)).toThrow(/above 127/);
});

test('money is rounded only where its schema tells a scale', () => {
  const valueOf = (as: 'decimal' | 'double' | 'string', type: ConnectSchema['type']): unknown =>
    parseText({ kind: 'money', as, printed: 2, scale: 0 }, { type, optional: false }, '-$1,234.56');
  expect(valueOf('decimal', 'bytes')).toEqual({ unscaled: -1235n, scale: 0 });
  expect(valueOf('double', 'float64')).toBe(-1234.56);
  expect(valueOf('string', 'string')).toBe('-1234.56');
});

describe('placeholderValue (C26)', () => {
  const NAME = '__debezium_unavailable_value';
  const array = (items: ConnectSchema): ColumnSchema => {
    const element: PostgresTextFormat = { kind: 'string' };
    const format: PostgresTextFormat = {
      kind: 'array',
      element,
      elementSchema: items,
      delimiter: ',',
      dimensions: 1,
    };
    return column(format, { type: 'array', optional: true, valueSchema: items });
  };

  test('in the type of the column, as the original', () => {
    const bytes = Buffer.from(NAME);
    expect(placeholderValue(column({ kind: 'string' }, schema('string')), NAME)).toBe(NAME);
    const bytea: PostgresTextFormat = { kind: 'bytea', encoding: 'bytes' };
    expect(placeholderValue(column(bytea, schema('bytes')), NAME)).toEqual(bytes);
    expect(placeholderValue(array(schema('string')), NAME)).toEqual([NAME]);
    expect(placeholderValue(array(schema('int32')), NAME)).toEqual([...bytes]);
    expect(placeholderValue(array(schema('int64')), NAME)).toEqual([...bytes].map(BigInt));
    const uuid = { ...schema('string'), name: 'io.debezium.data.Uuid' };
    expect(placeholderValue(array(uuid), NAME)).toEqual(['b68a35a7-17ad-35b3-af2a-ae46edb4545a']);
    const hex: PostgresTextFormat = { kind: 'bytea', encoding: 'hex' };
    expect(placeholderValue(column(hex, schema('string')), NAME)).toBe(NAME);
    for (const type of ['int16', 'float64', 'boolean', 'bytes'] as const) {
      const items = { ...schema(type), ...(type === 'bytes' ? { name: 'd.Decimal' } : {}) };
      const { format, schema: nullable } = array(items);
      expect(placeholderValue(column(format, nullable), NAME)).toBeNull();
      expect(placeholderValue(column(format, { ...nullable, optional: false }), NAME)).toEqual([]);
    }
  });

  test('null, or the zero of a required column, where the type has no words', () => {
    const nullable = { ...schema('bytes'), optional: true };
    const decimal: PostgresTextFormat = { kind: 'decimal', scale: 2 };
    expect(placeholderValue(column(decimal, nullable), NAME)).toBeNull();
    const required = { ...schema('bytes'), parameters: { scale: '2' } };
    expect(placeholderValue(column(decimal, required), NAME)).toEqual({ unscaled: 0n, scale: 2 });
  });
});
