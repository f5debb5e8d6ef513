import type { Option } from './option.ts';
import { withDocs } from './option-table.ts';
import type { SourceFamily } from './source-family.ts';
import {
  CAPTURE_OPTIONS,
  RECORD_OPTIONS,
  structMakerOption,
  VALUE_OPTIONS,
} from './source-shaping-options.ts';
import { DATABASE_TOPIC_NAMING_OPTIONS } from './topic-naming-options.ts';

const STRUCT_MAKERS = {
  mysql: 'io.debezium.connector.mysql.MySqlSourceInfoStructMaker',
  mariadb: 'io.debezium.connector.mariadb.MariaDbSourceInfoStructMaker',
} as const;

const DATABASES: readonly Option[] = [
  {
    name: 'database.include.list',
    type: { kind: 'regex-list' },
    doc: 'Databases to capture; all but the system databases when absent.',
  },
  { name: 'database.exclude.list', type: { kind: 'regex-list' }, doc: 'Databases to leave out.' },
];

const RECORDS: readonly Option[] = withDocs(
  [...CAPTURE_OPTIONS, ...RECORD_OPTIONS, ...VALUE_OPTIONS],
  {
    'datatype.propagate.source.type':
      'As column.propagate.source.type, by the type: matched against `schema.table.type`, with ' +
      'the name that the server has for it, such as `VARCHAR` or `BIGINT UNSIGNED`.',
    'skip.messages.without.change':
      'Updates that change no captured column give no record. Columns that the row image leaves ' +
      'out (binlog_row_image) count as unchanged.',
    compat:
      'Write as that release where ours says more: no headers `__tidemark.*`, its version in ' +
      '`source.version`; of 3.7 also its int8 for TINYINT. Its wrong values are not reproduced.',
    'unavailable.value.placeholder':
      'Stands where the server did not send a value (binlog_row_image). `hex:` may stand in ' +
      'front of the digits of its bytes.',
    'decimal.handling.mode': 'Form of DECIMAL values.',
    'event.converting.failure.handling.mode':
      'Values that their schema cannot hold (BIGINT UNSIGNED over 2^63, zero dates under ' +
      '`fail`): `warn` and `skip` put a placeholder, name the field in ' +
      '`__tidemark.unconverted`, a header (sinks write null), and log it, or not. In a key they ' +
      'always fail.',
    'binary.handling.mode': 'Form of BINARY, VARBINARY and BLOB values.',
  },
);

const VALUES: readonly Option[] = [
  {
    name: 'time.precision.mode',
    type: {
      kind: 'enum',
      values: [
        'adaptive_time_microseconds',
        'connect',
        'isostring',
        'microseconds',
        'nanoseconds',
        'structured',
      ],
      refused: {
        adaptive: 'TIME does not fit into it; use adaptive_time_microseconds',
      },
    },
    default: 'adaptive_time_microseconds',
    doc: 'Form of dates and times.',
  },
  {
    name: 'bigint.unsigned.handling.mode',
    type: { kind: 'enum', values: ['long', 'precise'] },
    default: 'long',
    doc:
      'Form of BIGINT UNSIGNED: `long` is int64, and a value that it cannot hold fails (the ' +
      'original makes it negative); `precise` is a decimal.',
  },
  {
    name: 'tinyint.one.handling.mode',
    type: { kind: 'enum', values: ['number', 'boolean'] },
    default: 'number',
    doc:
      'Form of TINYINT(1), which BOOLEAN is: a number, or true for all but 0, as ' +
      "Debezium's TinyIntOneToBooleanConverter.",
  },
  {
    name: 'zero.date.handling.mode',
    type: { kind: 'enum', values: ['fail', 'null', 'epoch'] },
    default: 'fail',
    doc:
      'Dates that no calendar has, such as `0000-00-00`: they fail; become null, or 1970-01-01 ' +
      'where the column is NOT NULL, as in Debezium; or always 1970-01-01. With ' +
      '`time.precision.mode: structured` they are told as they are.',
  },
  {
    name: 'enable.time.adjuster',
    type: { kind: 'boolean' },
    default: 'false',
    doc: 'Years of two digits in dates mean 1970 to 2069; otherwise they are what they say.',
  },
];

/** What of a source is captured, and the form that its values take. */
export function mysqlShapingOptions(family: Exclude<SourceFamily, 'postgres'>): readonly Option[] {
  return [
    ...DATABASES,
    ...RECORDS,
    structMakerOption(STRUCT_MAKERS[family]),
    ...DATABASE_TOPIC_NAMING_OPTIONS,
    ...VALUES,
  ];
}
