import { SOURCE_CONNECTOR_OPTIONS } from './connector-options.ts';
import { CONVERTER_RULES } from './converter-options.ts';
import { topicNameProblem } from './kafka-transport-options.ts';
import type { Option } from './option.ts';
import { withDefaults } from './option-table.ts';
import type { OptionRule } from './resolve-options.ts';
import { SOURCE_ERROR_RULES } from './source-error-options.ts';
import { TRANSFORM_RULES } from './transform-options.ts';

/** Names of the classes: ours, and Connect's with its behaviour. */
export const FILE_SOURCE_CLASS = 'file';
export const CONNECT_FILE_SOURCE_CLASSES = [
  'org.apache.kafka.connect.file.FileStreamSourceConnector',
  'FileStreamSourceConnector',
  'FileStreamSource',
] as const;

/** Whether a class of the section `source` reads a file. */
export function isFileSourceClass(connectorClass: string): boolean {
  return [FILE_SOURCE_CLASS, ...CONNECT_FILE_SOURCE_CLASSES].includes(connectorClass);
}

/** What is about columns of tables. */
const OF_TABLES = /^(?:converters|post\.processors)(?:\.|$)|^<name>\./;

/** Options of our short class name. */
export const FILE_SOURCE_OPTIONS: readonly Option[] = [
  {
    name: 'connector.class',
    type: { kind: 'string' },
    required: true,
    doc: '`file` (JSON lines), or the Java class name or `FileStreamSource` (lines of text).',
  },
  {
    name: 'file',
    type: { kind: 'string' },
    doc:
      'The file whose lines are read, relative to the pipeline file; it is waited for. Absent: ' +
      'standard input, of which a crash loses what was read and not yet stored.',
  },
  {
    name: 'topic',
    type: { kind: 'string' },
    doc:
      'Where all records go. With `format: json` it may be left out: then each line names ' +
      'its own topic.',
  },
  {
    name: 'format',
    type: { kind: 'enum', values: ['json', 'value', 'text'] },
    default: 'json',
    doc:
      'A line: `json` has key, value, and perhaps topic, headers and timestampMs, as the file ' +
      'sink writes them; `value` is the value as JSON; `text` any line, which is the value.',
  },
  {
    name: 'batch.size',
    type: { kind: 'int', min: 1, max: 1_000_000 },
    default: '2000',
    doc: 'Lines that are read before the log is asked for room.',
  },
  {
    name: 'poll.interval.ms',
    type: { kind: 'duration', min: 10, max: 3_600_000 },
    default: '200ms',
    doc: 'How often the file is looked at for more lines, and a missing one for being there.',
  },
  {
    name: 'invalid.text',
    type: { kind: 'enum', values: ['fail', 'replace'] },
    default: 'fail',
    doc:
      'Bytes that are no UTF-8: the source stops, also with errors.tolerance `all`; or U+FFFD ' +
      'takes their place.',
  },
  ...withDefaults(
    SOURCE_CONNECTOR_OPTIONS.filter(({ name }) => !OF_TABLES.test(name)),
    { 'key.converter': 'json', 'value.converter': 'json' },
  ),
];

/** Options of Connect's class. */
export const CONNECT_FILE_SOURCE_OPTIONS: readonly Option[] = withDefaults(FILE_SOURCE_OPTIONS, {
  format: 'text',
  'poll.interval.ms': '1s',
  'invalid.text': 'replace',
});

/** Rules over several properties. */
export const FILE_SOURCE_RULES: readonly OptionRule[] = [
  ...CONVERTER_RULES,
  ...TRANSFORM_RULES,
  ...SOURCE_ERROR_RULES,
  {
    properties: ['topic'],
    check: (options) => {
      const topic = options.optionalString('topic');
      if (topic !== undefined) return topicNameProblem(topic);
      const format = options.string('format');
      return format === 'json' ? undefined : `is required where format is ${format}`;
    },
  },
];
