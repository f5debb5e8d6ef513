import { SINK_CONNECTOR_OPTIONS } from './connector-options.ts';
import type { Option } from './option.ts';
import { refusedOptions, withDefaults, withDocs } from './option-table.ts';
import type { OptionRule } from './resolve-options.ts';
import { UNFAILING_SINK_OPTIONS } from './sink-error-options.ts';
import { TRANSFORM_RULES } from './transform-options.ts';

/** Names of the classes: ours with JSON lines, and Connect's with its text. */
export const FILE_SINK_CLASS = 'file';
export const CONNECT_FILE_SINK_CLASSES = [
  'org.apache.kafka.connect.file.FileStreamSinkConnector',
  'FileStreamSinkConnector',
  'FileStreamSink',
] as const;

/** Whether a class of the list `sinks` writes a file. */
export function isFileSinkClass(connectorClass: string): boolean {
  return [FILE_SINK_CLASS, ...CONNECT_FILE_SINK_CLASSES].includes(connectorClass);
}

/** Options of our short class name. */
export const FILE_SINK_OPTIONS: readonly Option[] = [
  {
    name: 'connector.class',
    type: { kind: 'string' },
    required: true,
    doc: '`file` (JSON lines), or the Java class name or `FileStreamSink` (its text).',
  },
  {
    name: 'file',
    type: { kind: 'string' },
    doc:
      'The file to which lines are added, relative to the pipeline file. Its offsets lie beside ' +
      'it in `.<name>.tidemark`. Absent: standard output, where a crash may repeat lines.',
  },
  {
    name: 'format',
    type: { kind: 'enum', values: ['json', 'value', 'text'] },
    default: 'json',
    doc:
      'A line: `json` has topic, partition, offset, timestampMs, key, value and headers; `value` ' +
      "the value alone as JSON; `text` the value as Connect's file sink prints it (`Struct{…}`).",
  },
  ...refusedOptions({
    'transaction.mode': 'a file has no transactions; its lines are in the order of the log',
  }),
  ...withDocs(SINK_CONNECTOR_OPTIONS, {
    name: 'Name of the sink: its group in the log, and the owner of the file.',
  }),
  ...UNFAILING_SINK_OPTIONS,
];

/** Options of Connect's class. */
export const CONNECT_FILE_SINK_OPTIONS: readonly Option[] = withDefaults(FILE_SINK_OPTIONS, {
  format: 'text',
});

/** Rules over several properties. */
export const FILE_SINK_RULES: readonly OptionRule[] = [
  ...TRANSFORM_RULES,
  {
    properties: ['topics', 'topics.regex'],
    check: (options) =>
      options.has('topics') && options.has('topics.regex')
        ? 'and topics.regex exclude each other: give one of them'
        : undefined,
  },
];
