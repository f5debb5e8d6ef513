import type { Option, ResolvedOptions } from './option.ts';
import type { OptionRule } from './resolve-options.ts';

const SIGNAL_CHANNELS: ReadonlySet<string> = new Set([
  'source',
  'kafka',
  'file',
  'jmx',
  'in-process',
]);
const NOTIFICATION_CHANNELS: ReadonlySet<string> = new Set(['sink', 'log', 'jmx']);

/** Signals to a source and what it tells about itself: Debezium's names. */
export const SIGNAL_OPTIONS: readonly Option[] = [
  {
    name: 'signal.data.collection',
    type: { kind: 'string' },
    doc:
      'Table `schema.table` with the columns id, type, data: a row inserted there is a signal. A ' +
      'first snapshot does not read it.',
  },
  {
    name: 'signal.enabled.channels',
    type: { kind: 'list' },
    default: 'source',
    doc:
      'Where signals come from: source (the table), kafka (a topic of the log), file. The ' +
      'command line and POST /signals are always open; they stand for jmx and in-process.',
  },
  {
    name: 'signal.kafka.topic',
    type: { kind: 'string' },
    doc: 'Topic of signals in the log; absent: `<topic.prefix>-signal`. Keys must be topic.prefix.',
  },
  {
    name: 'signal.file',
    type: { kind: 'string' },
    default: 'file-signals.txt',
    doc:
      'File of signals, a JSON object each line, relative to the pipeline file; emptied when ' +
      'they are durable.',
  },
  {
    name: 'signal.poll.interval.ms',
    type: { kind: 'duration', min: 10 },
    default: '5000',
    doc: 'How often the topic and the file of signals are looked at.',
  },
  {
    name: 'notification.enabled.channels',
    type: { kind: 'list' },
    doc:
      'Where snapshots tell how far they are: sink (a topic), log. GET /notifications shows the ' +
      'newest in any case; it stands for jmx.',
  },
  {
    name: 'notification.sink.topic.name',
    type: { kind: 'string' },
    doc: 'Topic of notifications; needed with the channel sink.',
  },
];

/** Rules over these properties. */
export const SIGNAL_RULES: readonly OptionRule[] = [
  {
    properties: ['signal.enabled.channels'],
    check: (options) => {
      const channels = options.list('signal.enabled.channels');
      const stray = channels.find((channel) => !SIGNAL_CHANNELS.has(channel));
      if (stray === undefined) return undefined;
      return `has ${stray}; there are source, kafka, file, jmx and in-process`;
    },
  },
  {
    properties: ['notification.enabled.channels'],
    check: (options) => {
      const channels = options.list('notification.enabled.channels');
      const stray = channels.find((channel) => !NOTIFICATION_CHANNELS.has(channel));
      if (stray !== undefined) return `has ${stray}; there are sink, log and jmx`;
      return channels.includes('sink') && !options.has('notification.sink.topic.name')
        ? 'has sink: give notification.sink.topic.name'
        : undefined;
    },
  },
  topicNameRule('signal.kafka.topic'),
  topicNameRule('notification.sink.topic.name'),
  {
    properties: ['signal.kafka.topic', 'notification.sink.topic.name'],
    check: (options) =>
      signalTopicOf(options) === options.optionalString('notification.sink.topic.name')
        ? 'and notification.sink.topic.name must be two topics'
        : undefined,
  },
];

/** The topic of the channel `kafka`. */
export function signalTopicOf(options: ResolvedOptions): string {
  return (
    options.optionalString('signal.kafka.topic') ??
    `${options.optionalString('topic.prefix') ?? ''}-signal`
  );
}

function topicNameRule(name: string): OptionRule {
  return {
    properties: [name],
    check: (options) => {
      const topic = options.optionalString(name);
      if (topic === undefined || /^[A-Za-z0-9._-]{1,249}$/.test(topic)) return undefined;
      return 'may have only letters, digits, dot, underscore and hyphen';
    },
  };
}
