import { bigIntToBytes } from '../../../src/model/connect-schema.ts';
import type { ServerFlavor, ServerSeries } from '../../../src/demo/mysql-programs.ts';

/** A column, with literals of SQL and what a record without schemas shows: numbers as text. */
export interface ColumnCase {
  readonly name: string;
  readonly type: string;
  readonly values: readonly (readonly [literal: string, shown: unknown])[];
}

/** Of a TIME that is no time of day, which some modes of time have no form for. */
export const LONG_TIME = 'long_time';

type Given = readonly [name: string, type: string, ...values: ColumnCase['values']];

const base64 = (bytes: Buffer): string => bytes.toString('base64');
const decimal = (unscaled: bigint): string => base64(bigIntToBytes(unscaled));
const hex = (digits: string): string => base64(Buffer.from(digits, 'hex'));

const NUMBERS: readonly Given[] = [
  ['ti', 'TINYINT', ['-128', '-128'], ['127', '127']],
  ['bo', 'BOOLEAN', ['TRUE', '1'], ['7', '7']],
  ['tu', 'TINYINT UNSIGNED', ['255', '255']],
  ['si', 'SMALLINT', ['-32768', '-32768']],
  ['su', 'SMALLINT UNSIGNED', ['65535', '65535']],
  ['mi', 'MEDIUMINT', ['-8388608', '-8388608'], ['8388607', '8388607']],
  ['mu', 'MEDIUMINT UNSIGNED', ['16777215', '16777215']],
  ['it', 'INT', ['-2147483648', '-2147483648']],
  ['iu', 'INT UNSIGNED', ['4294967295', '4294967295']],
  ['iz', 'INT(10) ZEROFILL', ['42', '42'], ['0', '0']],
  ['bi', 'BIGINT', ['-9223372036854775808', '-9223372036854775808'], ['1', '1']],
  [
    'bu',
    'BIGINT UNSIGNED',
    ['9223372036854775807', '9223372036854775807'],
    ['123456789012345678', '123456789012345678'],
  ],
  ['d2', 'DECIMAL(12,2)', ['-12.3', decimal(-1230n)], ['0', decimal(0n)]],
  [
    'dl',
    'DECIMAL(65,30)',
    [`-1.${'0'.repeat(29)}1`, decimal(-(10n ** 30n) - 1n)],
    ['9'.repeat(35), decimal(BigInt('9'.repeat(35)) * 10n ** 30n)],
  ],
  ['dz', 'DECIMAL(8,2) ZEROFILL', ['1.5', decimal(150n)]],
  ['fl', 'FLOAT', ['0.1', '0.1'], ['16777217', '1.6777216E7'], ['-1.5e-20', '-1.5E-20']],
  ['f4', 'FLOAT(7,4)', ['123.4567', '123.45670318603516']],
  ['db', 'DOUBLE', ['0.1', '0.1'], ['1e15', '1.0E15'], ['-1.5e-20', '-1.5E-20'], ['0', '0.0']],
  // With digits behind the point the server shows zeros that the binlog does not have.
  ['d3', 'DOUBLE(8,3)', ['1.5', '1.5'], ['0', '0.0'], ['-99999.999', '-99999.999']],
  ['b1', 'BIT(1)', ["b'1'", true], ["b'0'", false]],
  ['b9', 'BIT(9)', ["b'101010101'", hex('5501')], ["b'1'", hex('0100')]],
  ['ye', 'YEAR', ['2155', '2155'], ['0', '0'], ["'1901'", '1901']],
];

const TEXTS: readonly Given[] = [
  ['ch', 'CHAR(5)', ["'ab'", 'ab'], ["''", '']],
  ['l1', 'VARCHAR(20) CHARACTER SET latin1', ["'grüße €'", 'grüße €']],
  ['u2', 'VARCHAR(20) CHARACTER SET ucs2', ["'grüße'", 'grüße']],
  ['tx', 'TEXT', [`'a"\\\\b\\n😀'`, 'a"\\b\n😀'], [`REPEAT('é', 600)`, 'é'.repeat(600)]],
  ['en', "ENUM('a','it''s','x,y')", ["'it''s'", "it's"], ["'x,y'", 'x,y'], ["'odd'", '']],
  ['se', "SET('r','g','b')", ["'b,r'", 'r,b'], ["''", '']],
  ['bn', 'BINARY(4)', ["x'ff00'", hex('ff000000')], ["x'20202020'", hex('20202020')]],
  ['vb', 'VARBINARY(4)', ["x'00ff'", hex('00ff')], ["''", '']],
  ['bl', 'BLOB', ["x'c328'", hex('c328')]],
];

const TIMES: readonly Given[] = [
  ['da', 'DATE', ["'2020-02-29'", '18321'], ["'0000-00-00'", null], ["'1969-12-31'", '-1']],
  // A year of two digits is one of 1970 to 2069 (enable.time.adjuster).
  ['dx', 'DATE', ["'2010-00-15'", null], ["'0099-01-01'", '10592'], ["'9999-12-31'", '2932896']],
  ['t0', 'TIME', ["'12:34:56'", '45296000000'], ["'00:00:00'", '0']],
  ['t3', 'TIME(3)', ["'08:05:09.12'", '29109120000']],
  [
    LONG_TIME,
    'TIME(6)',
    ["'-838:59:59'", '-3020399000000'],
    ["'838:59:58.999999'", '3020398999999'],
    ["'-00:00:00.000001'", '-1'],
    ["'24:00:00'", '86400000000'],
  ],
  [
    'd0',
    'DATETIME',
    ["'2020-02-29 01:02:03'", '1582938123000'],
    ["'2020-00-00 00:00:00'", null],
    ["'1969-12-31 23:59:59'", '-1000'],
  ],
  ['dt', 'DATETIME(3)', ["'1969-12-31 23:59:59.999'", '-1']],
  [
    'd6',
    'DATETIME(6)',
    ["'2020-02-29 01:02:03.456789'", '1582938123456789'],
    ["'1700-01-01 00:00:00.000001'", '-8520335999999999'],
  ],
  [
    'ts',
    'TIMESTAMP NULL',
    ["'2020-02-29 01:02:03'", '2020-02-29T01:02:03Z'],
    ["'0000-00-00 00:00:00'", null],
  ],
  [
    't6',
    'TIMESTAMP(6) NULL',
    ["'2038-01-19 03:14:07.999999'", '2038-01-19T03:14:07.999999Z'],
    ["'1970-01-01 00:00:01.1'", '1970-01-01T00:00:01.100000Z'],
  ],
];

/** In WKB, without SRID. */
const POINT = '0101000000000000000000f83f0000000000000040';
const DIAGONAL = '0101000000000000000000f83f000000000000f83f';
const SHAPES: readonly Given[] = [
  [
    'po',
    'POINT',
    ["ST_GeomFromText('POINT(1.5 2)')", { x: '1.5', y: '2.0', wkb: hex(POINT), srid: null }],
  ],
  // Of 4326 MySQL 8 reads the other axis first: the same number for both.
  [
    'ge',
    'GEOMETRY',
    ["ST_GeomFromText('POINT(1.5 1.5)', 4326)", { wkb: hex(DIAGONAL), srid: '4326' }],
  ],
];

const JSON_TEXT: Given = ['js', 'JSON', [`'{"a": [1, "é"]}'`, '{"a": [1, "é"]}']];
const ADDRESSES: readonly Given[] = [
  [
    'uu',
    'UUID',
    ["'6f0e4b0a-4d3c-4a53-9d1f-0a1b2c3d4e5f'", '6f0e4b0a-4d3c-4a53-9d1f-0a1b2c3d4e5f'],
  ],
  ['i6', 'INET6', ["'2001:db8::ff00:42:8329'", '2001:db8::ff00:42:8329'], ["'::'", '::']],
  ['i4', 'INET4', ["'192.0.2.1'", '192.0.2.1']],
];
const VECTOR: Given = ['ve', 'VECTOR(2)', ["STRING_TO_VECTOR('[1,2.5]')", ['1.0', '2.5']]];

/** The types that a server has. */
export function columnCases(flavor: ServerFlavor, series: ServerSeries): readonly ColumnCase[] {
  const own: readonly Given[] =
    flavor === 'mariadb'
      ? [JSON_TEXT, ...ADDRESSES]
      : [...(series === '5.6' ? [] : [JSON_TEXT]), ...(series === '9.7' ? [VECTOR] : [])];
  return [...NUMBERS, ...TEXTS, ...TIMES, ...SHAPES, ...own].map(([name, type, ...values]) => ({
    name,
    type,
    values,
  }));
}
