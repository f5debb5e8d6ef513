import { COLUMN_CONVERTER_OPTIONS } from './column-converter-options.ts';
import { CONVERTER_OPTIONS } from './converter-options.ts';
import { KAFKA_SINK_OPTIONS, KAFKA_SOURCE_OPTIONS } from './kafka-connector-options.ts';
import type { Option } from './option.ts';
import { acceptedOptions } from './option-table.ts';
import { POST_PROCESSOR_OPTIONS } from './post-processor-options.ts';
import { SOURCE_ERROR_OPTIONS } from './source-error-options.ts';
import { TRANSFORM_OPTIONS } from './transform-options.ts';

const HEADERS = 'headers are written as by SimpleHeaderConverter; remove it';

/** How often and how soon the task of a connector is run again. */
const RETRY_OPTIONS: readonly Option[] = [
  {
    name: 'errors.max.retries',
    type: { kind: 'int', min: -1 },
    doc: 'As in the runtime section, which it overrides.',
  },
  {
    name: 'errors.retry.delay.initial.ms',
    type: { kind: 'duration', min: 1 },
    doc: 'As in the runtime section, which it overrides.',
  },
  {
    name: 'errors.retry.delay.max.ms',
    type: { kind: 'duration', min: 1 },
    doc: 'As in the runtime section, which it overrides.',
  },
];

/** Properties of every connector (Connect's names) that a source has. */
export const SOURCE_CONNECTOR_OPTIONS: readonly Option[] = [
  ...COLUMN_CONVERTER_OPTIONS,
  ...POST_PROCESSOR_OPTIONS,
  ...TRANSFORM_OPTIONS,
  ...CONVERTER_OPTIONS,
  {
    name: 'header.converter',
    type: {
      kind: 'enum',
      values: ['simple'],
      aliases: { 'org.apache.kafka.connect.storage.SimpleHeaderConverter': 'simple' },
      refused: {
        'org.apache.kafka.connect.storage.StringConverter': HEADERS,
        'org.apache.kafka.connect.json.JsonConverter': HEADERS,
        'org.apache.kafka.connect.converters.ByteArrayConverter': HEADERS,
        'io.confluent.connect.avro.AvroConverter': HEADERS,
      },
    },
    default: 'simple',
    doc: "Form of header values: text and JSON, as of Connect's SimpleHeaderConverter.",
  },
  ...RETRY_OPTIONS,
  ...SOURCE_ERROR_OPTIONS,
  ...KAFKA_SOURCE_OPTIONS,
  ...acceptedOptions({
    name: 'the name of the pipeline is used',
    'tasks.max': 'one task reads one database',
    'tasks.max.enforce': 'one task reads one database',
    'connector.plugin.version': 'there is one version of each class',
    'header.converter.plugin.version': 'there is one version of each class',
    'config.action.reload': 'the file is read once, at the start',
    'topic.creation.enable': 'the section transport has it',
    'retriable.restart.connector.wait.ms': 'use errors.retry.delay.initial.ms and …max.ms',
  }),
];

/** Properties of every sink (Connect's names), but for those of errors. */
export const SINK_CONNECTOR_OPTIONS: readonly Option[] = [
  {
    name: 'name',
    type: { kind: 'string' },
    required: true,
    doc: 'Name of the sink: its group in the log and its row in the offsets table of the target.',
  },
  {
    name: 'topics',
    type: { kind: 'list' },
    doc: 'Topics to apply. Neither this nor topics.regex: all topics of the source.',
  },
  {
    name: 'topics.regex',
    type: { kind: 'regex' },
    doc: 'Topics to apply, as a regular expression over the whole name.',
  },
  ...TRANSFORM_OPTIONS,
  ...RETRY_OPTIONS,
  ...KAFKA_SINK_OPTIONS,
  ...acceptedOptions({
    'tasks.max': 'one task feeds one target',
    'tasks.max.enforce': 'one task feeds one target',
    'key.converter': 'records are read as the source wrote them',
    'value.converter': 'records are read as the source wrote them',
    'key.converter.<property>': 'records are read as the source wrote them',
    'value.converter.<property>': 'records are read as the source wrote them',
    'header.converter': 'headers are read as the source wrote them',
    'config.action.reload': 'the file is read once, at the start',
  }),
];
