import fc from 'fast-check';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import type { PostgresTextFormat } from '../../src/model/table-schema.ts';

/** A type as the encoders see it, with texts that PostgreSQL could print for it. */
export interface TypeCase {
  readonly name: string;
  readonly schema: ConnectSchema;
  readonly format: PostgresTextFormat;
  readonly text: fc.Arbitrary<string>;
}

const pad = (value: number, width: number): string => String(value).padStart(width, '0');

const integers = (bits: number): fc.Arbitrary<string> => {
  const max = 2n ** BigInt(bits - 1) - 1n;
  const small = fc.integer({ min: -1000, max: 1000 }).map(String);
  return fc.oneof(
    small,
    fc.bigInt({ min: -max - 1n, max }).map(String),
    fc.constantFrom(String(max), String(-max - 1n), '0', '-1'),
  );
};

export const doubles = fc.oneof(
  fc.double({ noDefaultInfinity: true, noNaN: true }).map((value) => String(value)),
  fc
    .tuple(fc.integer({ min: -99_999_999, max: 99_999_999 }), fc.integer({ min: 0, max: 8 }))
    .map(([unscaled, scale]) => String(unscaled / 10 ** scale)),
  fc.constantFrom('NaN', 'Infinity', '-Infinity', '-0', '0', '1e+100', '5e-324', '1e-05', '0.001'),
);

export const floats = fc.oneof(
  fc.float({ noDefaultInfinity: true, noNaN: true }).map((value) => String(value)),
  fc.constantFrom(
    'NaN',
    'Infinity',
    '-Infinity',
    '-0',
    '1e-45',
    '3.4028235e+38',
    '0.1',
    '16777216',
  ),
);

const unsigned = (digits: number): fc.Arbitrary<string> =>
  fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: digits })
    .map((list) => list.join('').replace(/^0+(?=.)/, ''));

export const numerics = (scale: number): fc.Arbitrary<string> =>
  fc
    .tuple(fc.boolean(), fc.oneof(unsigned(6), unsigned(14), unsigned(40)), unsigned(scale + 1))
    .map(([negative, whole, fraction]) => {
      const tail = scale === 0 ? '' : `.${fraction.padStart(scale, '0').slice(-scale)}`;
      const text = whole + tail;
      return negative && /[1-9]/.test(text) ? `-${text}` : text;
    });

const anyNumeric = fc.integer({ min: 0, max: 12 }).chain((scale) => numerics(scale));

const days = fc.oneof(
  fc.tuple(fc.integer({ min: 1, max: 9999 }), fc.integer({ min: 1, max: 12 })),
  fc.tuple(fc.integer({ min: 1965, max: 2030 }), fc.integer({ min: 1, max: 12 })),
);
export const shortDate = fc
  .tuple(days, fc.integer({ min: 1, max: 28 }))
  .map(([[year, month], day]) => `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`);
const oddDate = fc.constantFrom('12345-06-07', '1970-01-01', '2255-01-01', '2254-12-31');

const clock = fc
  .tuple(
    fc.integer({ min: 0, max: 23 }),
    fc.integer({ min: 0, max: 59 }),
    fc.integer({ min: 0, max: 59 }),
  )
  .map((parts) => parts.map((part) => pad(part, 2)).join(':'));

const fraction = (digits: number): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constant(''),
    unsigned(digits).map((text) => `.${text.replace(/0+$/, '')}`.replace(/^\.$/, '')),
    fc.constantFrom('.000001'.slice(0, digits + 1), '.999999'.slice(0, digits + 1)),
  );

export const time = (digits: number): fc.Arbitrary<string> =>
  fc.oneof(
    fc.tuple(clock, fraction(digits)).map((parts) => parts.join('')),
    fc.constant('24:00:00'),
  );

export const timestamp = (digits: number, zone: string): fc.Arbitrary<string> =>
  fc.oneof(
    fc
      .tuple(fc.oneof(shortDate, oddDate), clock, fraction(digits))
      .map(([day, hours, rest]) => `${day} ${hours}${rest}${zone}`),
    fc
      .tuple(shortDate, clock, fraction(digits))
      .map(([day, hours, rest]) => `${day} ${hours}${rest}${zone} BC`),
    fc.constantFrom('infinity', '-infinity', `1970-01-01 00:00:00${zone}`),
  );

const nanoTimestamp = fc
  .tuple(fc.integer({ min: 1700, max: 2260 }), clock, fraction(6))
  .map(([year, hours, rest]) => `${year}-05-06 ${hours}${rest}`);

const strings = fc
  .string({ unit: 'binary', maxLength: 60 })
  .map((text) => text.replaceAll('\0', ''));

const texts = fc.oneof(
  strings,
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom('', '"', '\\', '\b\t\n\f\r\u0001\u001f\u007f', 'ÀÉ你好😀', ' \u2028'),
  strings.map((text) => `${'x'.repeat(600)}${text}`),
);

const hex = fc
  .uint8Array({ maxLength: 40 })
  .map((bytes) => `\\x${Buffer.from(bytes).toString('hex')}`);

export const interval = fc
  .tuple(
    fc.integer({ min: -200, max: 200 }),
    fc.integer({ min: -11, max: 11 }),
    fc.integer({ min: -40, max: 40 }),
    fc.integer({ min: -23, max: 23 }),
    fraction(6),
  )
  .map(([y, m, d, h, f]) => `P${y}Y${m}M${d}DT${h}H${f === '' ? '' : `-3${f}S`}`);

export const required = (type: ConnectSchema['type'], name?: string): ConnectSchema =>
  name === undefined ? { type, optional: false } : { type, optional: false, name, version: 1 };

const decimalSchema = (scale: number): ConnectSchema => ({
  ...required('bytes', 'org.apache.kafka.connect.data.Decimal'),
  parameters: { scale: String(scale), 'connect.decimal.precision': '38' },
});

const variableSchema: ConnectSchema = {
  ...required('struct', 'io.debezium.data.VariableScaleDecimal'),
  doc: 'Variable scaled decimal',
  fields: [
    { name: 'scale', schema: required('int32') },
    { name: 'value', schema: required('bytes') },
  ],
};

export const SCALAR_CASES: readonly TypeCase[] = [
  ...([16, 32, 64] as const).map((bits): TypeCase => ({
    name: `int${bits}`,
    schema: required(`int${bits}`),
    format: { kind: 'integer' },
    text: integers(bits),
  })),
  {
    name: 'bool',
    schema: required('boolean'),
    format: { kind: 'boolean' },
    text: fc.constantFrom('t', 'f'),
  },
  { name: 'float4', schema: required('float32'), format: { kind: 'float' }, text: floats },
  { name: 'float8', schema: required('float64'), format: { kind: 'float' }, text: doubles },
  { name: 'text', schema: required('string'), format: { kind: 'string' }, text: texts },
  {
    name: 'uuid',
    schema: required('string', 'io.debezium.data.Uuid'),
    format: { kind: 'string' },
    text: fc.uuid(),
  },
  {
    name: 'json',
    schema: required('string', 'io.debezium.data.Json'),
    format: { kind: 'string' },
    text: fc.json(),
  },
  ...(['bytes', 'base64', 'base64-url-safe', 'hex'] as const).map((encoding): TypeCase => ({
    name: `bytea ${encoding}`,
    schema: required(encoding === 'bytes' ? 'bytes' : 'string'),
    format: { kind: 'bytea', encoding },
    text: hex,
  })),
  ...[0, 2, 10].map((scale): TypeCase => ({
    name: `numeric scale ${scale}`,
    schema: decimalSchema(scale),
    format: { kind: 'decimal', scale },
    text: numerics(scale),
  })),
  {
    name: 'numeric scale -2',
    schema: decimalSchema(-2),
    format: { kind: 'decimal', scale: -2 },
    text: numerics(0).map((text) => (/^-?0$/.test(text) ? '0' : `${text}00`)),
  },
  {
    name: 'numeric',
    schema: variableSchema,
    format: { kind: 'variable-decimal' },
    text: anyNumeric,
  },
  {
    name: 'numeric double',
    schema: required('float64'),
    format: { kind: 'decimal-double' },
    text: fc.oneof(anyNumeric, fc.constantFrom('NaN', 'Infinity', '-Infinity')),
  },
  {
    name: 'numeric string',
    schema: required('string'),
    format: { kind: 'decimal-string' },
    text: fc.oneof(anyNumeric, fc.constantFrom('NaN', 'Infinity', '-Infinity')),
  },
  {
    name: 'date',
    schema: required('int32', 'io.debezium.time.Date'),
    format: { kind: 'date' },
    text: fc.oneof(
      shortDate,
      oddDate,
      shortDate.map((text) => `${text} BC`),
      fc.constantFrom('infinity', '-infinity'),
    ),
  },
  ...(['ms', 'us', 'ns'] as const).map((unit): TypeCase => ({
    name: `time ${unit}`,
    schema: required(unit === 'ms' ? 'int32' : 'int64', `time.${unit}`),
    format: { kind: 'time', unit },
    text: time(6),
  })),
  ...(['ms', 'us', 'ns'] as const).map((unit): TypeCase => ({
    name: `timestamp ${unit}`,
    schema: required('int64', `timestamp.${unit}`),
    format: { kind: 'timestamp', unit },
    text: unit === 'ns' ? nanoTimestamp : timestamp(6, ''),
  })),
  ...[0, 3, 6].map((digits): TypeCase => ({
    name: `timestamptz(${digits})`,
    schema: required('string', 'io.debezium.time.ZonedTimestamp'),
    format: { kind: 'zoned-timestamp', digits },
    text:
      digits === 0
        ? timestamp(1, '+00').map((t) => t.replace(/\.\d/, ''))
        : timestamp(digits, '+00'),
  })),
  {
    name: 'timestamptz with offset',
    schema: required('string', 'io.debezium.time.ZonedTimestamp'),
    format: { kind: 'zoned-timestamp', digits: 6 },
    text: timestamp(6, '-05:30'),
  },
  {
    name: 'timetz',
    schema: required('string', 'io.debezium.time.ZonedTime'),
    format: { kind: 'zoned-time' },
    text: fc.tuple(time(6), fc.constantFrom('+00', '-15:59', '+05:53:28')).map((p) => p.join('')),
  },
  {
    name: 'iso date',
    schema: required('string', 'io.debezium.time.IsoDate'),
    format: { kind: 'iso-date' },
    text: shortDate,
  },
  {
    name: 'iso timestamp',
    schema: required('string', 'io.debezium.time.IsoTimestamp'),
    format: { kind: 'iso-timestamp' },
    text: timestamp(6, ''),
  },
  {
    name: 'interval',
    schema: required('int64', 'io.debezium.time.MicroDuration'),
    format: { kind: 'micro-duration' },
    text: interval,
  },
  {
    name: 'interval string',
    schema: required('string', 'io.debezium.time.Interval'),
    format: { kind: 'interval-string' },
    text: interval,
  },
];

export function nested(element: TypeCase): TypeCase {
  const inner = arrayOf(element);
  const elementSchema: ConnectSchema = { ...inner.schema, optional: true };
  return {
    name: `${element.name}[][]`,
    schema: { type: 'array', optional: false, valueSchema: elementSchema },
    format: {
      kind: 'array',
      element: element.format,
      elementSchema,
      delimiter: ',',
      dimensions: 2,
    },
    text: fc
      .array(
        inner.text.filter((text) => text !== '{}'),
        { maxLength: 3 },
      )
      .map((rows) => `{${rows.join(',')}}`),
  };
}

/** As an element of an array or a side of a pair. */
export function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

export function arrayOf(element: TypeCase): TypeCase {
  const elementSchema: ConnectSchema = { ...element.schema, optional: true };
  const item = fc.oneof(element.text.map(quoted), fc.constant('NULL'));
  return {
    name: `${element.name}[]`,
    schema: { type: 'array', optional: false, valueSchema: elementSchema },
    format: {
      kind: 'array',
      element: element.format,
      elementSchema,
      delimiter: ',',
      dimensions: 1,
    },
    text: fc.array(item, { maxLength: 4 }).map((items) => `{${items.join(',')}}`),
  };
}
