import type { Option } from './option.ts';
import { TOPIC_NAMING_OPTIONS } from './topic-naming-options.ts';

const ADJUSTMENT = { kind: 'enum', values: ['none', 'avro', 'avro_unicode'] } as const;

/** What of the source is captured, and the form that its values take. */
export const POSTGRES_SHAPING_OPTIONS: readonly Option[] = [
  {
    name: 'schema.include.list',
    type: { kind: 'regex-list' },
    doc: 'Schemas to capture; all but the system schemas when absent.',
  },
  {
    name: 'schema.exclude.list',
    type: { kind: 'regex-list' },
    doc: 'Schemas to leave out.',
  },
  {
    name: 'table.include.list',
    type: { kind: 'regex-list' },
    doc: 'Tables to capture, matched against `schema.table`; all when absent.',
  },
  {
    name: 'table.exclude.list',
    type: { kind: 'regex-list' },
    doc: 'Tables to leave out.',
  },
  {
    name: 'column.include.list',
    type: { kind: 'regex-list' },
    doc:
      'Columns to capture, matched against `schema.table.column`; all when absent. Of those of ' +
      'the key, see column.exclude.list.',
  },
  {
    name: 'column.exclude.list',
    type: { kind: 'regex-list' },
    doc:
      'Columns to leave out of rows. One of the key is refused; with the class name of Debezium ' +
      'it stays in the key, and nowhere else.',
  },
  {
    name: 'message.key.columns',
    type: { kind: 'string' },
    doc: 'Other keys: `schema.table:col1,col2;…`, tables as regular expressions.',
  },
  {
    name: 'column.propagate.source.type',
    type: { kind: 'regex-list' },
    default: '.*',
    doc: 'Columns whose schema tells the type in the source, so that sinks create them alike.',
  },
  {
    name: 'message.prefix.include.list',
    type: { kind: 'regex-list' },
    doc:
      'Prefixes of pg_logical_emit_message whose messages become records in ' +
      '`<topic.prefix>.message`; all when absent.',
  },
  {
    name: 'message.prefix.exclude.list',
    type: { kind: 'regex-list' },
    doc: 'Prefixes of logical messages to leave out.',
  },
  {
    name: 'skipped.operations',
    type: { kind: 'list' },
    default: 'none',
    doc:
      'Operations that give no records: `c`, `u`, `d`, `t` or `none`. A change of key counts as ' +
      'the delete and the create that it becomes.',
  },
  {
    name: 'tombstones.on.delete',
    type: { kind: 'boolean' },
    default: 'true',
    doc: 'After each delete a record with the same key and no value, for compaction.',
  },
  {
    name: 'provide.transaction.metadata',
    type: { kind: 'boolean' },
    default: 'false',
    doc:
      'Tell transactions: a block in each envelope, and records where each begins and ends in ' +
      '`<topic.prefix>.<topic.transaction>`.',
  },
  {
    name: 'transaction.metadata.factory',
    type: {
      kind: 'enum',
      values: ['default'],
      aliases: {
        'io.debezium.pipeline.txmetadata.DefaultTransactionMetadataFactory': 'default',
      },
    },
    default: 'default',
    doc: 'Who makes the blocks and records of transactions; Java classes cannot be loaded.',
  },
  {
    name: 'sourceinfo.struct.maker',
    type: {
      kind: 'enum',
      values: ['default'],
      aliases: {
        'io.debezium.connector.postgresql.PostgresSourceInfoStructMaker': 'default',
      },
    },
    default: 'default',
    doc: 'Who makes the source block; Java classes cannot be loaded.',
  },
  {
    name: 'skip.messages.without.change',
    type: { kind: 'boolean' },
    default: 'false',
    doc:
      'Updates that change no captured column give no record. Only tables with REPLICA IDENTITY ' +
      'FULL tell what was there before.',
  },
  {
    name: 'datatype.propagate.source.type',
    type: { kind: 'regex-list' },
    doc:
      'As column.propagate.source.type, by the type: matched against `schema.table.type`, with ' +
      'the name that the server has for it, such as `int4` or `varchar`.',
  },
  ...TOPIC_NAMING_OPTIONS,
  {
    name: 'compat',
    type: { kind: 'enum', values: ['debezium-3.6', 'debezium-3.7'] },
    doc:
      'Write as that release where ours says more: no headers `__tidemark.*`, its version in ' +
      '`source.version`; of 3.7 also its geometry, with extensions, and its infinities of ' +
      'timestamps. Its wrong values are not reproduced.',
  },
  {
    name: 'unavailable.value.placeholder',
    type: { kind: 'string' },
    default: '__debezium_unavailable_value',
    doc:
      'Stands where the server did not send an unchanged large value (TOAST). `hex:` may stand ' +
      'in front of the digits of its bytes.',
  },
  {
    name: 'decimal.handling.mode',
    type: { kind: 'enum', values: ['precise', 'double', 'string'] },
    default: 'precise',
    doc: 'Form of numeric values.',
  },
  {
    name: 'time.precision.mode',
    type: {
      kind: 'enum',
      values: [
        'adaptive',
        'adaptive_time_microseconds',
        'connect',
        'isostring',
        'microseconds',
        'nanoseconds',
        'structured',
      ],
    },
    default: 'adaptive',
    doc: 'Form of dates and times.',
  },
  {
    name: 'event.converting.failure.handling.mode',
    type: { kind: 'enum', values: ['fail', 'warn', 'skip'] },
    default: 'fail',
    doc:
      'Values that their schema cannot hold (NaN under `precise`, an array of more dimensions): ' +
      '`warn` and `skip` put a placeholder, name the field in `__tidemark.unconverted`, a header ' +
      '(sinks write null), and log it, or not. In a key they always fail.',
  },
  {
    name: 'binary.handling.mode',
    type: { kind: 'enum', values: ['bytes', 'base64', 'base64-url-safe', 'hex'] },
    default: 'bytes',
    doc: 'Form of bytea values.',
  },
  {
    name: 'interval.handling.mode',
    type: { kind: 'enum', values: ['numeric', 'string'] },
    default: 'string',
    doc: 'Form of intervals: ISO 8601 text, or microseconds (lossy: a month becomes 30.4375 days).',
  },
  {
    name: 'hstore.handling.mode',
    type: { kind: 'enum', values: ['json', 'map'] },
    default: 'json',
    doc: 'Form of hstore values: JSON as text, or a map.',
  },
  {
    name: 'money.fraction.digits',
    type: { kind: 'int', min: 0, max: 18 },
    default: '2',
    doc: 'Digits after the point of money values; where there are more, they are rounded half up.',
  },
  {
    name: 'include.unknown.datatypes',
    type: { kind: 'boolean' },
    default: 'false',
    doc:
      'Columns of types that are not known (of an extension, say) carry the text of their values ' +
      'as bytes. Without it such a column is refused by name.',
  },
  {
    name: 'bit.varying.handling.mode',
    type: { kind: 'enum', values: ['string', 'bits'] },
    default: 'string',
    doc: "Form of `bit varying`: its digits, or Debezium's bytes, which lose zeros in front.",
  },
  {
    name: 'array.handling.mode',
    type: { kind: 'enum', values: ['text', 'nested', 'all_text'] },
    default: 'text',
    doc:
      'Form of columns declared with several dimensions (`integer[][]`): text of the array ' +
      'literal, or arrays in arrays. `all_text`: text for every array, whatever it declares.',
  },
  {
    name: 'array.enum.elements.optional',
    type: { kind: 'boolean' },
    default: 'true',
    doc: 'The schema of enum arrays allows null elements; that of Debezium does not.',
  },
  {
    name: 'default.value.mode',
    type: { kind: 'enum', values: ['exact', 'debezium'] },
    default: 'exact',
    doc:
      'Defaults in schemas: constants of all types; or as Debezium, which knows some types only ' +
      'and shows a zero where a function makes the value.',
  },
  {
    name: 'value.mode',
    type: { kind: 'enum', values: ['exact', 'debezium'] },
    default: 'exact',
    doc:
      'A few values as they are, or as Debezium writes them: `time[]` in ms and `timetz[]` in s; ' +
      'under `isostring` dates for infinities and `00:00` for `24:00`; PostGIS geometry always ' +
      'optional; with include.unknown.datatypes bytes for all types that it does not know.',
  },
  {
    name: 'schema.name.adjustment.mode',
    type: ADJUSTMENT,
    default: 'avro',
    doc: 'How names of schemas are made valid for Avro.',
  },
  {
    name: 'field.name.adjustment.mode',
    type: ADJUSTMENT,
    default: 'avro',
    doc:
      'How names of fields are made valid for Avro. With column.propagate.source.type sinks ' +
      'still get the name of the column.',
  },
  {
    name: 'extended.headers.enabled',
    type: { kind: 'boolean' },
    default: 'false',
    doc: 'Headers `__debezium.context.*` on every record.',
  },
];
