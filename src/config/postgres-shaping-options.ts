import type { Option } from './option.ts';
import {
  CAPTURE_OPTIONS,
  RECORD_OPTIONS,
  structMakerOption,
  VALUE_OPTIONS,
} from './source-shaping-options.ts';
import { TOPIC_NAMING_OPTIONS } from './topic-naming-options.ts';

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
  ...CAPTURE_OPTIONS,
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
  ...RECORD_OPTIONS,
  structMakerOption('io.debezium.connector.postgresql.PostgresSourceInfoStructMaker'),
  ...TOPIC_NAMING_OPTIONS,
  ...VALUE_OPTIONS,
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
    name: 'value.mode',
    type: { kind: 'enum', values: ['exact', 'debezium'] },
    default: 'exact',
    doc:
      'A few values as they are, or as Debezium writes them: `time[]` in ms and `timetz[]` in s; ' +
      'under `isostring` dates for infinities and `00:00` for `24:00`; PostGIS geometry always ' +
      'optional; with include.unknown.datatypes bytes for all types that it does not know.',
  },
];
