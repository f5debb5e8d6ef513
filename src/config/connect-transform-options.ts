import type { Option } from './option.ts';
import type { TransformClass } from './transform-class.ts';
import {
  choiceOption,
  flagOption,
  listOption,
  numberOption,
  requiredListOption,
  requiredOption,
  textOption,
} from './transform-class.ts';

const PACKAGE = 'org.apache.kafka.connect.transforms';

const REPLACE_NULL = flagOption(
  'replace.null.with.default',
  'true',
  'A null in a field with a default is taken for the default.',
);

function sided(name: string, doc: string, options: readonly Option[]): TransformClass {
  return { java: `${PACKAGE}.${name}`, sided: true, doc, options };
}

function plain(name: string, doc: string, options: readonly Option[]): TransformClass {
  return { java: `${PACKAGE}.${name}`, sided: false, doc, options };
}

/** Transforms of Kafka Connect, by the last part of their class name. */
export const CONNECT_TRANSFORMS = {
  Cast: sided('Cast', 'Other types for fields, or for the whole key or value.', [
    requiredListOption('spec', '`field:type,…`, or one type for the whole.'),
    REPLACE_NULL,
  ]),
  DropHeaders: plain('DropHeaders', 'Removes headers.', [
    requiredListOption('headers', 'Names of the headers.'),
  ]),
  ExtractField: sided('ExtractField', 'One field takes the place of its struct.', [
    requiredOption('field', 'Name of the field; with V2 a path.'),
    choiceOption(
      'field.syntax.version',
      ['V1', 'V2'],
      'V1',
      'V2: dots in `field` lead into structs, backticks protect them.',
    ),
    REPLACE_NULL,
  ]),
  Filter: plain('Filter', 'Drops every record; meant for use with a predicate.', []),
  Flatten: sided('Flatten', 'Fields of nested structs become fields `a.b`.', [
    textOption('delimiter', '.', 'Between the names.'),
  ]),
  HeaderFrom: sided('HeaderFrom', 'Copies or moves fields into headers.', [
    requiredListOption('fields', 'Names of the fields.'),
    requiredListOption('headers', 'Names of the headers, in the order of the fields.'),
    { ...choiceOption('operation', ['move', 'copy'], undefined, 'Move or copy.'), required: true },
    REPLACE_NULL,
  ]),
  HoistField: sided('HoistField', 'Wraps the whole into a struct with one field.', [
    requiredOption('field', 'Name of the field.'),
  ]),
  InsertField: sided('InsertField', 'Adds topic, partition, offset, time or a fixed text.', [
    textOption(
      'offset.field',
      undefined,
      'Field for the offset; sinks only. `!` at its end: required.',
    ),
    textOption('partition.field', undefined, 'Field for the partition, where one is known.'),
    textOption('static.field', undefined, 'Field for a fixed text.'),
    textOption('static.value', undefined, 'The fixed text.'),
    textOption('timestamp.field', undefined, 'Field for the time of the record, where it has one.'),
    textOption('topic.field', undefined, 'Field for the topic.'),
    REPLACE_NULL,
  ]),
  InsertHeader: plain('InsertHeader', 'Adds a header.', [
    requiredOption('header', 'Name of the header.'),
    requiredOption(
      'value.literal',
      'Its value; numbers, booleans, lists and maps are told by form.',
    ),
  ]),
  MaskField: sided('MaskField', 'Replaces values by the zero of their type, or by another value.', [
    requiredListOption('fields', 'Names of the fields.'),
    textOption('replacement', undefined, 'What numbers and text are replaced by.'),
    REPLACE_NULL,
  ]),
  RegexRouter: plain('RegexRouter', 'Renames topics that match as a whole.', [
    requiredOption('regex', 'Expression over the whole topic name.'),
    requiredOption('replacement', 'The new name; `$1` stands for a group.'),
  ]),
  ReplaceField: sided('ReplaceField', 'Leaves fields out, or renames them.', [
    listOption('exclude', 'Fields to leave out.'),
    listOption('include', 'Fields to keep; all others are left out.'),
    listOption('renames', '`old:new,…`'),
    REPLACE_NULL,
  ]),
  SetSchemaMetadata: sided('SetSchemaMetadata', 'Another name or version of the schema.', [
    textOption('schema.name', undefined, 'The name.'),
    numberOption('schema.version', {}, undefined, 'The version.'),
    REPLACE_NULL,
  ]),
  TimestampConverter: sided(
    'TimestampConverter',
    "Times between text, numbers and Connect's types; reads Debezium's types too.",
    [
      textOption('field', undefined, 'The field; none: the whole key or value.'),
      {
        ...choiceOption(
          'target.type',
          ['string', 'unix', 'Date', 'Time', 'Timestamp'],
          undefined,
          'What the time becomes.',
        ),
        required: true,
      },
      textOption('format', undefined, "Of text, as Java's SimpleDateFormat."),
      choiceOption(
        'unix.precision',
        ['seconds', 'milliseconds', 'microseconds', 'nanoseconds'],
        undefined,
        'Of plain numbers. Given, it also rules over what the name of a Debezium type says.',
      ),
      REPLACE_NULL,
    ],
  ),
  TimestampRouter: plain('TimestampRouter', 'Puts the time of the record into the topic.', [
    textOption('topic.format', '${topic}-${timestamp}', 'The new name.'),
    textOption('timestamp.format', 'yyyyMMdd', "As Java's SimpleDateFormat."),
  ]),
  ValueToKey: plain('ValueToKey', 'Makes a key of fields of the value.', [
    requiredListOption('fields', 'Names of the fields.'),
    REPLACE_NULL,
  ]),
} as const satisfies Readonly<Record<string, TransformClass>>;

function predicate(name: string, doc: string, options: readonly Option[]): TransformClass {
  return { java: `${PACKAGE}.predicates.${name}`, sided: false, doc, options };
}

/** Predicates of Kafka Connect, by the last part of their class name. */
export const PREDICATES = {
  TopicNameMatches: predicate('TopicNameMatches', 'The topic matches as a whole.', [
    requiredOption('pattern', 'Expression over the topic name.'),
  ]),
  HasHeaderKey: predicate('HasHeaderKey', 'The record has a header of this name.', [
    requiredOption('name', 'Name of the header.'),
  ]),
  RecordIsTombstone: predicate('RecordIsTombstone', 'The record has no value.', []),
} as const satisfies Readonly<Record<string, TransformClass>>;
