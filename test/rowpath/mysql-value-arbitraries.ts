import fc from 'fast-check';
import type { ColumnType } from '../../dialects/mysql/ddl/table-definition.ts';
import { doubleText, floatText } from '../../dialects/mysql/mysql-number-text.ts';
import { mapMysqlType } from '../../dialects/mysql/mysql-types.ts';
import { DEFAULT_MYSQL_VALUE_MODES } from '../../dialects/mysql/mysql-value-modes.ts';
import type { MysqlValueModes } from '../../dialects/mysql/mysql-value-modes.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import type { TextFormat } from '../../src/model/table-schema.ts';
import { mysqlColumnType } from '../support/mysql-column-type.ts';
import { numerics } from './value-arbitraries.ts';

/** A column's type under some modes, with the bytes that a server's row has for it. */
export interface MysqlCase {
  readonly name: string;
  readonly schema: ConnectSchema;
  readonly format: TextFormat;
  readonly bytes: fc.Arbitrary<Buffer>;
}

const pad = (value: number, width: number): string => String(value).padStart(width, '0');
const texts = (all: fc.Arbitrary<string>): fc.Arbitrary<Buffer> =>
  all.map((text) => Buffer.from(text));
const raw = (most: number, least = 0): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength: least, maxLength: most }).map((bytes) => Buffer.from(bytes));

const integers = (min: bigint, max: bigint): fc.Arbitrary<string> =>
  fc.oneof(
    fc.bigInt({ min, max }).map(String),
    fc.bigInt({ min: min < -1000n ? -1000n : min, max: max > 1000n ? 1000n : max }).map(String),
    fc.constantFrom(String(min), String(max), String(max - 1n), '0'),
    fc
      .nat({ max: 18 })
      .map((digits) => String(10n ** BigInt(digits) > max ? max : 10n ** BigInt(digits))),
  );
const signed = (bits: bigint): fc.Arbitrary<string> =>
  integers(-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n);
const unsigned = (bits: bigint): fc.Arbitrary<string> => integers(0n, 2n ** bits - 1n);
const zeroFilled = (width: number, all: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  all.filter((text) => !text.startsWith('-')).map((text) => text.padStart(width, '0'));

const finite = fc.double({ noDefaultInfinity: true, noNaN: true });
const doubles = fc.oneof(
  finite.map(doubleText),
  fc
    .tuple(fc.integer({ min: -99_999_999, max: 99_999_999 }), fc.integer({ min: 0, max: 8 }))
    .map(([digits, scale]) => doubleText(digits / 10 ** scale)),
  fc.constantFrom('-0', '0', '1e15', '1e-15', '1.7976931348623157e308', '5e-324', '-1.5e-20'),
);
const floats = fc.oneof(
  fc.float({ noDefaultInfinity: true, noNaN: true }).map(floatText),
  // As a SELECT shows it that multiplies it by 1e0.
  fc.float({ noDefaultInfinity: true, noNaN: true }).map(doubleText),
  fc.constantFrom('0.3', '-0', '3.4028235e38', '1e-45', '16777216', '123.4567'),
);

/** Years that the original's rules treat apart, days that no calendar has, and usual ones. */
const date = fc.oneof(
  fc
    .tuple(
      fc.oneof(fc.integer({ min: 0, max: 9999 }), fc.integer({ min: 1900, max: 2100 })),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 31 }),
    )
    .map(([year, month, day]) => `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`),
  fc.constantFrom('0000-00-00', '2010-00-15', '2010-02-00', '0000-03-01', '2020-02-29'),
  fc.constantFrom('2023-02-29', '1970-01-01', '1969-12-31', '0099-12-31', '0100-01-01'),
  fc.constantFrom('2254-12-31', '2255-01-01', '1684-12-31', '1685-01-02', '9999-12-31'),
);
const clock = (hours: number): fc.Arbitrary<string> =>
  fc
    .tuple(fc.nat({ max: hours }), fc.nat({ max: 59 }), fc.nat({ max: 59 }))
    .map((parts) => parts.map((part) => pad(part, 2)).join(':'));
/** Exactly so many digits, as the server prints them. */
const fraction = (digits: number): fc.Arbitrary<string> => {
  if (digits === 0) return fc.constant('');
  const most = 10 ** digits - 1;
  return fc
    .oneof(fc.nat({ max: most }), fc.constantFrom(0, 1, most, 10 ** (digits - 1)))
    .map((value) => `.${pad(value, digits)}`);
};
const datetime = (digits: number): fc.Arbitrary<string> =>
  fc.tuple(date, clock(23), fraction(digits)).map(([day, time, rest]) => `${day} ${time}${rest}`);
/** Years that nanoseconds since 1970 reach in 64 bits. */
const nearDatetime = (digits: number): fc.Arbitrary<string> =>
  datetime(digits).filter((text) => /^(?:1[789]|20|21|0000|....-00|..........-00)/.test(text));
const duration = (digits: number): fc.Arbitrary<string> =>
  fc.oneof(
    fc
      .tuple(fc.boolean(), fc.oneof(clock(838), clock(23)), fraction(digits))
      .map(([negative, time, rest]) => `${negative ? '-' : ''}${time}${rest}`),
    fc.constantFrom('-838:59:59', '838:59:59', '24:00:00', '-00:00:00', '00:00:00'),
  );
const timeOfDay = (digits: number): fc.Arbitrary<string> =>
  fc.tuple(clock(23), fraction(digits)).map((parts) => parts.join(''));

const point = (x: number, y: number): Buffer => {
  const bytes = Buffer.alloc(25);
  bytes[4] = 1;
  bytes.writeUInt32LE(1, 5);
  bytes.writeDoubleLE(x, 9);
  bytes.writeDoubleLE(y, 17);
  return bytes;
};
const vectors = fc
  .array(fc.float({ noNaN: true, noDefaultInfinity: true }), { maxLength: 5 })
  .map((all) => Buffer.from(new Float32Array(all).buffer));

type Given = readonly [
  base: string,
  type: Partial<ColumnType>,
  bytes: fc.Arbitrary<Buffer>,
  modes?: Partial<MysqlValueModes>,
];

const INTEGERS: readonly Given[] = (
  [
    ['tinyint', 8n],
    ['smallint', 16n],
    ['mediumint', 24n],
    ['int', 32n],
    ['bigint', 64n],
  ] as const
).flatMap(([base, bits]): Given[] => [
  [base, {}, texts(signed(bits))],
  // Of BIGINT UNSIGNED what fits into 64 bits with a sign: more is an error in either path.
  [base, { unsigned: true }, texts(unsigned(bits === 64n ? 63n : bits))],
]);

const NUMBERS: readonly Given[] = [
  ...INTEGERS,
  ['int', { unsigned: true, zerofill: true }, texts(zeroFilled(10, unsigned(32n)))],
  ['bigint', { unsigned: true, zerofill: true }, texts(zeroFilled(20, unsigned(63n)))],
  ['bigint', { unsigned: true }, texts(unsigned(64n)), { bigintUnsigned: 'precise' }],
  [
    'tinyint',
    { length: 1 },
    texts(fc.constantFrom('0', '1', '-1', '7', '127', '-128')),
    { tinyIntOne: 'boolean' },
  ],
  ['tinyint', {}, texts(signed(8n)), { release: '3.7' }],
  ['float', {}, texts(floats)],
  ['float', { length: 7, scale: 4 }, texts(numerics(4))],
  ['float', { zerofill: true, unsigned: true }, texts(zeroFilled(12, fc.constantFrom('0.5', '3')))],
  ['double', {}, texts(doubles)],
  ['double', { length: 8, scale: 2, zerofill: true }, texts(zeroFilled(8, numerics(2)))],
  ...[0, 2, 10].map((scale): Given => ['decimal', { length: 30, scale }, texts(numerics(scale))]),
  ['decimal', { length: 9, scale: 2, zerofill: true }, texts(zeroFilled(9, numerics(2)))],
  ['decimal', { length: 12, scale: 2 }, texts(numerics(2)), { decimal: 'double' }],
  ['decimal', { length: 12, scale: 2 }, texts(numerics(2)), { decimal: 'string' }],
  ['year', { length: 4 }, texts(fc.constantFrom('0000', '1901', '1999', '2155'))],
];

const json = fc.json().filter((text) => text.length < 500);
const strings = fc.string({ unit: 'grapheme', maxLength: 40 });
const TEXTS: readonly Given[] = [
  ['varchar', { length: 40 }, texts(strings)],
  ['json', {}, texts(json)],
  ['enum', { members: ['a', 'b,c'] }, texts(fc.constantFrom('a', 'b,c', ''))],
  ['set', { members: ['a', 'b'] }, texts(fc.constantFrom('a', 'a,b', ''))],
  ['uuid', {}, texts(fc.uuid())],
  ...(['bytes', 'base64', 'base64-url-safe', 'hex'] as const).map((binary): Given => [
    'blob',
    {},
    raw(50),
    { binary },
  ]),
  ['bit', { length: 1 }, fc.constantFrom(Buffer.from([0]), Buffer.from([1]))],
  ['bit', { length: 64 }, raw(8, 1)],
  ['geometry', {}, fc.tuple(finite, finite).map(([x, y]) => point(x, y))],
  ['point', {}, fc.tuple(finite, finite).map(([x, y]) => point(x, y))],
  ['vector', { length: 5 }, vectors],
];

const PRECISIONS = [
  'adaptive_time_microseconds',
  'connect',
  'isostring',
  'microseconds',
  'nanoseconds',
  'structured',
] as const;

function timesOf(timePrecision: (typeof PRECISIONS)[number], length: number): readonly Given[] {
  const modes = { timePrecision };
  const times = timePrecision === 'nanoseconds' ? nearDatetime(length) : datetime(length);
  const isOfDay = timePrecision === 'connect' || timePrecision === 'isostring';
  return [
    ['datetime', { length }, texts(times), modes],
    ['timestamp', { length }, texts(datetime(length)), modes],
    ['time', { length }, texts(isOfDay ? timeOfDay(length) : duration(length)), modes],
    ...(length === 0 ? [['date', {}, texts(date), modes] as const] : []),
  ];
}

const RULES = [
  { zero: 'null', adjustYears: false },
  { zero: 'epoch', adjustYears: true },
] as const;
const TIMES: readonly Given[] = [
  ...PRECISIONS.flatMap((precision) => [0, 1, 3, 6].flatMap((n) => timesOf(precision, n))),
  ...RULES.flatMap((dates): Given[] => [
    ['date', {}, texts(date), { dates }],
    ['datetime', { length: 6 }, texts(datetime(6)), { dates }],
    ['timestamp', { length: 3 }, texts(datetime(3)), { dates }],
  ]),
];

/** Every type that MySQL and MariaDB have, under each of the modes that shapes it. */
export const MYSQL_CASES: readonly MysqlCase[] = [...NUMBERS, ...TEXTS, ...TIMES].map(
  ([base, type, bytes, modes = {}]) => {
    const mapping = mapMysqlType(mysqlColumnType(base, type), {
      ...DEFAULT_MYSQL_VALUE_MODES,
      ...modes,
    });
    if (!mapping.supported) throw new Error(`${base} is not supported`);
    const { schema, format } = mapping;
    const name = [base, JSON.stringify(type), JSON.stringify(modes)].join(' ');
    return { name, schema, format, bytes };
  },
);
