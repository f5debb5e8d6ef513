import type { ConnectSchema, ConnectValue } from '../../src/model/connect-schema.ts';
import { sharedMysql } from './mysql-database.ts';
import { column } from './sink-records.ts';

const { flavor, series } = sharedMysql();
/** What JSON is called, and what it makes of a text. */
export const isMariadb = flavor === 'mariadb';
const json = isMariadb ? 'longtext' : 'json';
const isOld = series === '5.7' || series === '8.0' || isMariadb;
const int = (base: string, old: string): string => (isOld ? `${base}(${old})` : base);

export type Wanted = Partial<ConnectSchema> & { readonly type: ConnectSchema['type'] };

/** A value of a source and what a target of this family makes of it. */
export interface TargetCase {
  readonly name: string;
  readonly source?: string;
  readonly mysqlSource?: string;
  readonly schema: Wanted;
  readonly value: ConnectValue;
  readonly type: string;
  /** As SELECT prints it; of bytes their hexadecimal digits. */
  readonly text: string;
}

export const time = (name: string): string => `io.debezium.time.${name}`;
export const data = (name: string): string => `io.debezium.data.${name}`;
const decimal = (precision: string, scale: string): Wanted => ({
  type: 'bytes',
  name: 'org.apache.kafka.connect.data.Decimal',
  parameters: { scale, 'connect.decimal.precision': precision },
});
const geometry: Wanted = {
  type: 'struct',
  name: data('geometry.Geometry'),
  version: 1,
  fields: [
    { name: 'wkb', schema: { type: 'bytes', optional: false } },
    { name: 'srid', schema: { type: 'int32', optional: true } },
  ],
};
const POINT = '0101000000000000000000f03f0000000000000040';

/** Every type, at an end of what it holds. */
export const TARGET_CASES: readonly TargetCase[] = [
  { name: 'i8', schema: { type: 'int8' }, value: -128, type: int('tinyint', '4'), text: '-128' },
  {
    name: 'i64',
    schema: { type: 'int64' },
    value: -(2n ** 63n),
    type: int('bigint', '20'),
    text: '-9223372036854775808',
  },
  {
    name: 'u64',
    mysqlSource: 'bigint unsigned',
    schema: decimal('20', '0'),
    value: { unscaled: 2n ** 64n - 1n, scale: 0 },
    type: int('bigint', '20') + ' unsigned',
    text: '18446744073709551615',
  },
  {
    name: 'dec',
    schema: decimal('65', '30'),
    value: { unscaled: -(10n ** 65n) + 1n, scale: 30 },
    type: 'decimal(65,30)',
    text: `-${'9'.repeat(35)}.${'9'.repeat(30)}`,
  },
  { name: 'dbl', schema: { type: 'float64' }, value: 0.1, type: 'double', text: '0.1' },
  { name: 'flt', schema: { type: 'float32' }, value: Math.fround(1.5), type: 'float', text: '1.5' },
  {
    name: 'flag',
    source: 'boolean',
    schema: { type: 'boolean' },
    value: true,
    type: 'tinyint(1)',
    text: '1',
  },
  {
    name: 'word',
    source: 'character varying(20)',
    schema: { type: 'string' },
    value: String.raw`it's \ "q" ?🐘 `,
    type: 'varchar(20)',
    text: String.raw`it's \ "q" ?🐘 `,
  },
  {
    name: 'long',
    source: 'text',
    schema: { type: 'string' },
    value: 'a\0b\n\x1a',
    type: 'longtext',
    text: 'a\0b\n\x1a',
  },
  {
    name: 'chr',
    mysqlSource: 'char(3)',
    schema: { type: 'string' },
    value: 'ab',
    type: 'char(3)',
    text: 'ab',
  },
  {
    name: 'bin',
    schema: { type: 'bytes' },
    value: Buffer.from('00ff27', 'hex'),
    type: 'longblob',
    text: '00FF27',
  },
  { name: 'none', schema: { type: 'bytes' }, value: Buffer.alloc(0), type: 'longblob', text: '' },
  {
    name: 'day',
    schema: { type: 'int32', name: time('Date') },
    value: -719_162,
    type: 'date',
    text: '0001-01-01',
  },
  {
    name: 'end',
    schema: { type: 'int32', name: time('Date') },
    value: 2_932_896,
    type: 'date',
    text: '9999-12-31',
  },
  {
    name: 'ms',
    schema: { type: 'int64', name: time('Timestamp') },
    value: 253_402_300_799_999n,
    type: 'datetime(3)',
    text: '9999-12-31 23:59:59.999',
  },
  {
    name: 'us',
    schema: { type: 'int64', name: time('MicroTimestamp') },
    value: -1n,
    type: 'datetime(6)',
    text: '1969-12-31 23:59:59.999999',
  },
  {
    name: 'zoned',
    schema: { type: 'string', name: time('ZonedTimestamp') },
    value: '2026-11-22T06:30:00.123456Z',
    type: 'datetime(6)',
    text: '2026-11-22 06:30:00.123456',
  },
  {
    name: 'east',
    schema: { type: 'string', name: time('ZonedTimestamp') },
    value: '2000-02-29T23:30:00-05:30',
    type: 'datetime(6)',
    text: '2000-03-01 05:00:00.000000',
  },
  {
    name: 'stamp',
    mysqlSource: 'timestamp(2)',
    schema: { type: 'string', name: time('ZonedTimestamp') },
    value: '2026-11-22T06:30:00.12Z',
    type: 'timestamp(2)',
    text: '2026-11-22 06:30:00.12',
  },
  {
    name: 'clock',
    schema: { type: 'int64', name: time('MicroTime') },
    value: 86_399_999_999n,
    type: 'time(6)',
    text: '23:59:59.999999',
  },
  {
    name: 'lasts',
    mysqlSource: 'time(6)',
    schema: { type: 'int64', name: time('MicroTime') },
    value: -3_020_399_000_000n,
    type: 'time(6)',
    text: '-838:59:59.000000',
  },
  {
    name: 'timetz',
    schema: { type: 'string', name: time('ZonedTime') },
    value: '10:00:00+02:00',
    type: 'varchar(40)',
    text: '10:00:00+02:00',
  },
  {
    name: 'took',
    schema: { type: 'int64', name: time('MicroDuration') },
    value: -90_000_000_000_000n,
    type: int('bigint', '20'),
    text: '-90000000000000',
  },
  {
    name: 'yr',
    mysqlSource: 'year',
    schema: { type: 'int32', name: time('Year') },
    value: 0,
    type: isOld ? 'year(4)' : 'year',
    text: '0000',
  },
  {
    name: 'doc',
    source: 'jsonb',
    schema: { type: 'string', name: data('Json') },
    value: String.raw`{"a": "x\\y'", "b": 9007199254740993}`,
    type: json,
    text: String.raw`{"a": "x\\y'", "b": 9007199254740993}`,
  },
  {
    name: 'raw',
    source: 'json',
    schema: { type: 'string', name: data('Json') },
    value: '{"b":1e400, "a":1}',
    type: 'longtext',
    text: '{"b":1e400, "a":1}',
  },
  {
    name: 'id1',
    schema: { type: 'string', name: data('Uuid') },
    value: '6b2c1b0e-5d7e-4c59-9f1c-0d9f6e5a1b2c',
    type: 'varchar(36)',
    text: '6b2c1b0e-5d7e-4c59-9f1c-0d9f6e5a1b2c',
  },
  {
    name: 'bits',
    schema: { type: 'bytes', name: data('Bits'), parameters: { length: '10' } },
    value: Buffer.from([0x05, 0x02]),
    type: 'bit(10)',
    text: '205',
  },
  {
    name: 'full',
    schema: { type: 'bytes', name: data('Bits'), parameters: { length: '64' } },
    value: Buffer.alloc(8, 255),
    type: 'bit(64)',
    text: 'FFFFFFFFFFFFFFFF',
  },
  {
    name: 'mood',
    mysqlSource: "enum('a','it''s','x,y')",
    schema: { type: 'string', name: data('Enum') },
    value: "it's",
    type: "enum('a','it''s','x,y')",
    text: "it's",
  },
  {
    name: 'tags',
    mysqlSource: "set('a','b')",
    schema: { type: 'string', name: data('EnumSet') },
    value: 'a,b',
    type: "set('a','b')",
    text: 'a,b',
  },
  {
    name: 'arr',
    source: 'text[]',
    schema: { type: 'array', valueSchema: { type: 'string', optional: true } },
    value: ['a"b', null],
    type: json,
    text: String.raw`["a\"b", null]`,
  },
  {
    name: 'nums',
    source: 'numeric[]',
    schema: { type: 'array', valueSchema: { ...decimal('4', '2'), optional: true } },
    value: [{ unscaled: 150n, scale: 2 }],
    type: json,
    text: '["1.50"]',
  },
  {
    name: 'geo',
    schema: geometry,
    value: { schema: { ...geometry, optional: true }, values: [Buffer.from(POINT, 'hex'), 0] },
    type: 'geometry',
    text: `00000000${POINT}`.toUpperCase(),
  },
  {
    name: 'gis',
    source: 'geometry(Point,4326)',
    schema: geometry,
    value: { schema: { ...geometry, optional: true }, values: [Buffer.from(POINT, 'hex'), 4326] },
    type: 'longblob',
    text: POINT.toUpperCase(),
  },
];

/** They are compared by their bytes. */
export const HEXED = new Set(['bin', 'none', 'bits', 'full', 'geo', 'gis']);

/** The column of a case in its source. */
export function fieldOf({ name, source, mysqlSource, schema }: TargetCase) {
  const parameters = {
    ...schema.parameters,
    ...(mysqlSource === undefined ? {} : { '__tidemark.source.mysql.type': mysqlSource }),
  };
  return column(name, source ?? null, { ...schema, parameters });
}
