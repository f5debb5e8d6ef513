import type { ValueKind } from './value-texts.ts';

/** What a type of PostgreSQL becomes in MySQL and MariaDB, and which of its values do not. */
export interface PostgresArrival {
  readonly kind: ValueKind;
  /** The column's type in MySQL; in MariaDB a `json` is a `longtext`. */
  readonly type: string;
  /** Literals that the target has no value for: each parks its table. */
  readonly refused?: readonly string[];
  /** Refused by MySQL alone: a JSON column of MariaDB is a text. */
  readonly refusedByMysql?: readonly string[];
}

const TEXT: PostgresArrival = { kind: 'text', type: 'longtext' };
const SHAPE: PostgresArrival = { kind: 'shape', type: 'longtext' };
const NOT_FINITE = ["'NaN'", "'Infinity'", "'-Infinity'"];
const INFINITE = ["'infinity'", "'-infinity'"];

/** By the names of `basic-type-cases` and `more-type-cases`; what is not here is a text. */
const ARRIVALS: Readonly<Record<string, PostgresArrival>> = {
  smallint: { kind: 'number', type: 'smallint' },
  integer: { kind: 'number', type: 'int' },
  bigint: { kind: 'number', type: 'bigint' },
  oid: { kind: 'number', type: 'bigint' },
  'numeric(12,2)': { kind: 'number', type: 'decimal(12,2)' },
  'numeric(38,10)': { kind: 'number', type: 'decimal(38,10)' },
  d_price: { kind: 'number', type: 'decimal(12,2)' },
  // 35 digits before the point and 30 behind it.
  numeric: { kind: 'number', type: 'decimal(65,30)', refused: ['1e40', '-1e-31'] },
  'numeric(3,-2)': { kind: 'number', type: 'decimal(5,0)' },
  money: { kind: 'money', type: 'decimal(65,2)' },
  real: { kind: 'float', type: 'float', refused: NOT_FINITE },
  'double precision': { kind: 'double', type: 'double', refused: NOT_FINITE },
  boolean: { kind: 'boolean', type: 'tinyint(1)' },
  'character varying(40)': { kind: 'text', type: 'varchar(40)' },
  'character(5)': { kind: 'text', type: 'varchar(5)' },
  bytea: { kind: 'bytes', type: 'longblob' },
  date: {
    kind: 'text',
    type: 'date',
    refused: [...INFINITE, "'4713-01-01 BC'", "'5874897-12-31'", "'0001-01-01 BC'"],
  },
  'time without time zone': { kind: 'clock', type: 'time(6)' },
  'time(3) without time zone': { kind: 'clock', type: 'time(3)' },
  'timestamp without time zone': {
    kind: 'time',
    type: 'datetime(6)',
    refused: [...INFINITE, "'4713-01-01 00:00:00 BC'", "'292277-01-01 23:59:59.999999'"],
  },
  'timestamp(0) without time zone': { kind: 'time', type: 'datetime(3)' },
  'timestamp(3) without time zone': { kind: 'time', type: 'datetime(3)', refused: ["'infinity'"] },
  // In UTC: a TIMESTAMP would end in 2038.
  'timestamp with time zone': {
    kind: 'time',
    type: 'datetime(6)',
    refused: [...INFINITE, "'0044-03-15 12:00:00 BC'", "'99999-01-01'"],
  },
  'time with time zone': { kind: 'clock', type: 'varchar(40)' },
  // Debezium's form of ISO 8601.
  interval: { kind: 'interval', type: 'varchar(255)' },
  uuid: { kind: 'text', type: 'varchar(36)' },
  // Its blanks and the order of its names are kept.
  json: TEXT,
  jsonb: { kind: 'json', type: 'json', refusedByMysql: [`'{"b": [null, 1e400]}'`] },
  hstore: { kind: 'json', type: 'json' },
  d_numbers: { kind: 'list', type: 'json' },
  point: { kind: 'shape', type: 'point' },
  line: SHAPE,
  lseg: SHAPE,
  box: SHAPE,
  path: SHAPE,
  polygon: SHAPE,
  circle: SHAPE,
  'bit(1)': { kind: 'boolean', type: 'tinyint(1)' },
  'bit(8)': { kind: 'bits', type: 'bit(8)' },
};

/** What becomes of a type of PostgreSQL in the other family. */
export function postgresArrival(type: string): PostgresArrival {
  return ARRIVALS[type] ?? TEXT;
}
