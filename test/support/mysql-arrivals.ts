import type { ServerFlavor, ServerSeries } from '../../src/demo/mysql-programs.ts';
import type { ValueKind } from './value-texts.ts';

/** A type of MySQL or MariaDB at its ends, and what it becomes elsewhere. */
export interface MysqlArrival {
  readonly name: string;
  readonly type: string;
  readonly kind: ValueKind;
  /** SQL literals. */
  readonly values: readonly string[];
  readonly postgres: string;
  /** In the other product of the family; the same type where it is absent. */
  readonly other?: string;
}

type Given = readonly [
  name: string,
  type: string,
  kind: ValueKind,
  postgres: string,
  values: readonly string[],
  other?: string,
];

const UNSIGNED_MAX = '18446744073709551615';
const shape = (wkt: string, srid = 0): string => `ST_GeomFromText('${wkt}', ${srid})`;

const NUMBERS: readonly Given[] = [
  ['ti', 'tinyint', 'number', 'smallint', ['-128', '127', '0']],
  ['bo', 'tinyint(1)', 'number', 'smallint', ['0', '1', '7']],
  ['tu', 'tinyint unsigned', 'number', 'smallint', ['0', '255']],
  ['si', 'smallint', 'number', 'smallint', ['-32768', '32767']],
  ['su', 'smallint unsigned', 'number', 'integer', ['65535']],
  ['mi', 'mediumint', 'number', 'integer', ['-8388608', '8388607']],
  ['mu', 'mediumint unsigned', 'number', 'integer', ['16777215']],
  ['it', 'int', 'number', 'integer', ['-2147483648', '2147483647']],
  ['iu', 'int unsigned', 'number', 'bigint', ['4294967295', '0']],
  ['iz', 'int(10) unsigned zerofill', 'number', 'bigint', ['42', '0'], 'int unsigned'],
  ['bi', 'bigint', 'number', 'bigint', ['-9223372036854775808', '9223372036854775807']],
  ['bu', 'bigint unsigned', 'number', 'numeric(20,0)', [UNSIGNED_MAX, '9223372036854775808', '0']],
  ['d2', 'decimal(12,2)', 'number', 'numeric(12,2)', ['-9999999999.99', '0.01', '0']],
  [
    'dl',
    'decimal(65,30)',
    'number',
    'numeric(65,30)',
    [`-0.${'0'.repeat(29)}1`, `${'9'.repeat(35)}.${'9'.repeat(30)}`],
  ],
  [
    'dz',
    'decimal(8,2) unsigned zerofill',
    'number',
    'numeric(8,2)',
    ['1.5'],
    'decimal(8,2) unsigned',
  ],
  [
    'fl',
    'float',
    'float',
    'real',
    ['0.1', '16777217', '-1.5e-20', '3.40282e38', '1.5e-38', '-0e0'],
  ],
  ['f4', 'float(7,4)', 'float', 'double precision', ['123.4567', '-0.0001']],
  [
    'db',
    'double',
    'double',
    'double precision',
    ['0.1', '1.7976931348623157e308', '-2.3e-308', '1e15'],
  ],
  ['d3', 'double(8,3)', 'double', 'double precision', ['-99999.999', '0.001']],
  ['b1', 'bit(1)', 'boolean', 'boolean', ["b'1'", "b'0'"]],
  ['b9', 'bit(9)', 'bits', 'bit varying(9)', ["b'101010101'", "b'1'", '0']],
  ['b6', 'bit(64)', 'bits', 'bit varying(64)', [UNSIGNED_MAX, '1']],
  ['ye', 'year', 'number', 'integer', ['2155', '1901', '0']],
];

const TEXTS: readonly Given[] = [
  ['ch', 'char(5)', 'text', 'character varying(5)', ["'ab'", "''", "'ab😀'"]],
  ['vc', 'varchar(20)', 'text', 'character varying(20)', ["' a '", "'NULL'", `'\\\\ \\' "{}'`]],
  [
    'l1',
    'varchar(20) CHARACTER SET latin1',
    'text',
    'character varying(20)',
    ["'grüße €'"],
    'varchar(20)',
  ],
  [
    'u2',
    'varchar(20) CHARACTER SET ucs2',
    'text',
    'character varying(20)',
    ["'grüße'"],
    'varchar(20)',
  ],
  ['tt', 'tinytext', 'text', 'text', ["REPEAT('x', 255)"]],
  ['tx', 'text', 'text', 'text', [`'a"\\\\b\\n\\t😀\\Z'`, "REPEAT('é', 3000)"]],
  ['mt', 'mediumtext', 'text', 'text', ["REPEAT('long ', 20000)"]],
  ['lt', 'longtext', 'text', 'text', ["''", "' '"]],
  ['en', "enum('a','it''s','x,y','2')", 'text', 'text', ["'it''s'", "'x,y'", "'2'"]],
  ['se', "set('r','g','b')", 'text', 'text', ["'b,r'", "''"]],
  ['bn', 'binary(4)', 'bytes', 'bytea', ["x'ff00'", "x'20202020'", "x'00000000'"]],
  ['vb', 'varbinary(300)', 'bytes', 'bytea', ["x'00ff275c'", "''"]],
  ['tb', 'tinyblob', 'bytes', 'bytea', ["x'00'"]],
  ['bl', 'blob', 'bytes', 'bytea', ["x'c328'"]],
  ['mb', 'mediumblob', 'bytes', 'bytea', ["REPEAT(x'00ff', 5000)"]],
  ['lb', 'longblob', 'bytes', 'bytea', ["''"]],
];

const TIMES: readonly Given[] = [
  ['da', 'date', 'text', 'date', ["'1000-01-01'", "'9999-12-31'", "'0001-01-01'", "'1582-10-10'"]],
  ['t0', 'time', 'clock', 'interval', ["'12:34:56'", "'-838:59:59'", "'838:59:59'", "'00:00:00'"]],
  ['t3', 'time(3)', 'clock', 'interval', ["'08:05:09.12'", "'-00:00:00.001'"]],
  [
    't6',
    'time(6)',
    'clock',
    'interval',
    ["'838:59:58.999999'", "'-00:00:00.000001'", "'24:00:00'"],
  ],
  ['d0', 'datetime', 'time', 'timestamp(0) without time zone', ["'2020-02-29 01:02:03'"]],
  ['dt', 'datetime(3)', 'time', 'timestamp(3) without time zone', ["'1969-12-31 23:59:59.999'"]],
  [
    'd6',
    'datetime(6)',
    'time',
    'timestamp(6) without time zone',
    ["'9999-12-31 23:59:59.999999'", "'1000-01-01 00:00:00.000001'", "'0099-01-01 00:00:00'"],
  ],
  [
    'ts',
    'timestamp',
    'time',
    'timestamp(0) with time zone',
    ["'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'"],
  ],
  ['tm', 'timestamp(6)', 'time', 'timestamp(6) with time zone', ["'2038-01-19 03:14:07.999999'"]],
];

const SHAPES: readonly Given[] = [
  ['po', 'point', 'geometry', 'bytea', [shape('POINT(1.5 2)'), shape('POINT(-0.5 1e300)')]],
  ['pe', 'point', 'geometry', 'bytea', [shape('POINT(1.5 1.5)', 4326)]],
  [
    'ge',
    'geometry',
    'geometry',
    'bytea',
    [shape('LINESTRING(0 0,1 1)', 4326), shape('POINT(0 0)')],
  ],
  ['ls', 'linestring', 'geometry', 'bytea', [shape('LINESTRING(0 0,1 1)')]],
  ['pg', 'polygon', 'geometry', 'bytea', [shape('POLYGON((0 0,1 0,1 1,0 0))')]],
  ['mp', 'multipoint', 'geometry', 'bytea', [shape('MULTIPOINT(1 1,2 2)')]],
  ['ml', 'multilinestring', 'geometry', 'bytea', [shape('MULTILINESTRING((0 0,1 1))')]],
  ['my', 'multipolygon', 'geometry', 'bytea', [shape('MULTIPOLYGON(((0 0,1 0,1 1,0 0)))')]],
  ['gc', 'geometrycollection', 'geometry', 'bytea', [shape('GEOMETRYCOLLECTION(POINT(1 1))')]],
];

const DOCUMENTS = [
  `'{"b": [1, null, "é\\\\u0000"], "a": {"x": -0.5e-10}}'`,
  "'null'",
  "'[18446744073709551615, -9223372036854775808]'",
];
const JSON_TYPE: Given = ['js', 'json', 'json', 'json', DOCUMENTS];

const OF_MARIADB: readonly Given[] = [
  // A LONGTEXT by another name.
  ['js', 'json', 'text', 'text', DOCUMENTS, 'longtext'],
  ['uu', 'uuid', 'text', 'uuid', ["'6f0e4b0a-4d3c-4a53-9d1f-0a1b2c3d4e5f'"], 'varchar(36)'],
  ['i6', 'inet6', 'text', 'inet', ["'2001:db8::ff00:42:8329'", "'::'"], 'varchar(39)'],
  ['i4', 'inet4', 'text', 'inet', ["'192.0.2.1'", "'0.0.0.0'"], 'varchar(15)'],
];
const VECTOR: Given = [
  've',
  'vector(3)',
  'vector',
  'real[]',
  ["STRING_TO_VECTOR('[1,2.5,-0.1]')"],
  'json',
];

/** The types that a server has. */
export function mysqlArrivals(flavor: ServerFlavor, series: ServerSeries): readonly MysqlArrival[] {
  const own =
    flavor === 'mariadb'
      ? OF_MARIADB
      : [...(series === '5.6' ? [] : [JSON_TYPE]), ...(series === '9.7' ? [VECTOR] : [])];
  return [...NUMBERS, ...TEXTS, ...TIMES, ...SHAPES, ...own].map(
    ([name, type, kind, postgres, values, other]) => ({
      name,
      type,
      kind,
      postgres,
      values,
      ...(other === undefined ? {} : { other }),
    }),
  );
}
