import type { Option, ResolvedOptions } from './option.ts';
import { acceptedOptions, refusedOptions } from './option-table.ts';
import type { OptionRule } from './resolve-options.ts';

/** In front of the properties of dead letters, those of a source too. */
export const DEAD_LETTERS = 'errors.deadletterqueue';

/** What is logged of a failure. */
export function errorLogOptions(each: string, place: string): readonly Option[] {
  const off = { type: { kind: 'boolean' }, default: 'false' } as const;
  return [
    { name: 'errors.log.enable', ...off, doc: each },
    {
      name: 'errors.log.include.messages',
      ...off,
      doc: `With the place of ${place}. Values are never logged.`,
    },
  ];
}

export const LETTER_REPLICATION: Option = {
  name: `${DEAD_LETTERS}.topic.replication.factor`,
  type: { kind: 'int', min: -1, max: 32_767 },
  default: '-1',
  doc: 'Of that topic, when it is made; -1: the default of the brokers.',
  onEmbedded: 'the embedded log has no replicas',
};

/** What a sink into a database does with records that it cannot apply. */
export const SINK_ERROR_OPTIONS: readonly Option[] = [
  {
    name: 'errors.tolerance',
    type: { kind: 'enum', values: ['none', 'all'] },
    default: 'none',
    doc:
      'With `none` a record that cannot be read, transformed or applied is never passed over: ' +
      'errors.park says what waits for it. With `all` the others of its table always go on.',
  },
  {
    name: 'errors.park',
    type: { kind: 'enum', values: ['table', 'key', 'record', 'task'] },
    doc:
      'What such a record does. `table`: its table waits, others go on; a start tries again. ' +
      '`key`: its key waits; it and all later records of the key go to the dead-letter topic, ' +
      'and come to their row in order by `tidemark dlq replay`. `task`: the sink fails. ' +
      '`record` (as Connect; needs errors.tolerance all): it alone goes there, and later records ' +
      'of its key are applied. Absent: `table`; with errors.tolerance all `key`, under the Java ' +
      'class names `record`.',
  },
  {
    name: 'errors.park.keys.max',
    type: { kind: 'int', min: 1, max: 100_000 },
    default: '1000',
    doc: 'Keys of one table that may wait; one more, and the table waits.',
  },
  {
    name: 'errors.unique.wait.ms',
    type: { kind: 'duration', min: 0 },
    default: '30s',
    doc:
      'How long a row that a unique index other than its key refuses may wait for records of ' +
      'other partitions of its topic, also of other tasks, which may free the value; counted ' +
      'from the last record of the same task that is older. Then it does as errors.park says. ' +
      '0: at once. Topics of one partition never wait.',
  },
  {
    name: 'errors.retry.timeout',
    type: { kind: 'int', min: -1 },
    default: '0',
    doc:
      'For how many ms a batch that failed with an error that may pass is tried again, in waits ' +
      'up to errors.retry.delay.max.ms, before the task counts as failed; -1: for ever. ' +
      'errors.max.retries counts failures of the task.',
  },
  ...errorLogOptions(
    'Log each dead letter. A key or table that begins to wait is always logged.',
    'its record: topic, partition, offset, time',
  ),
  {
    name: `${DEAD_LETTERS}.topic.name`,
    type: { kind: 'string' },
    doc:
      'Topic of dead letters, where errors.park is `key` or `record`. Absent: ' +
      '`__tidemark.dlq.<name of the sink>`; under the Java class names with `record` none, and ' +
      'records that fail are dropped.',
  },
  LETTER_REPLICATION,
  {
    name: `${DEAD_LETTERS}.context.headers.enable`,
    type: { kind: 'boolean' },
    default: 'true',
    doc:
      "Dead letters have Connect's headers `__connect.errors.*`: where the record stood, where " +
      'and why it failed. With errors.park `key` they always have them, for the replay.',
  },
];

/** Connect's own defaults. */
export const CONNECT_SINK_ERROR_DEFAULTS: Readonly<Record<string, string>> = {
  [`${DEAD_LETTERS}.topic.replication.factor`]: '3',
  [`${DEAD_LETTERS}.context.headers.enable`]: 'false',
};

/** Of sinks that take every record. */
export const UNFAILING_SINK_OPTIONS: readonly Option[] = [
  ...acceptedOptions({
    'errors.retry.timeout': 'errors.max.retries decides',
    'errors.log.enable': 'errors are always logged',
    'errors.log.include.messages': 'row values are never logged',
  }),
  ...refusedOptions({
    [`${DEAD_LETTERS}.topic.name`]: 'every record can be written as a line',
    [`${DEAD_LETTERS}.<property>`]: 'every record can be written as a line',
    'errors.park': 'every record can be written as a line',
  }),
  {
    name: 'errors.tolerance',
    type: {
      kind: 'enum',
      values: ['none'],
      refused: { all: 'every record can be written as a line; there is nothing to tolerate' },
    },
    default: 'none',
    doc: 'Every record can be written as a line; there is nothing to tolerate.',
  },
];

/** Whose defaults a class has; `search` is ours where a later record replaces an earlier one. */
export type ErrorDefaults = 'tidemark' | 'connect' | 'search';

/** `errors.park`, or what stands for it. */
export function parkModeOf(options: ResolvedOptions, defaults: ErrorDefaults): string {
  const given = options.optionalString('errors.park');
  if (given !== undefined) return given;
  if (options.string('errors.tolerance') === 'none') return 'table';
  return defaults === 'tidemark' ? 'key' : 'record';
}

/** Where dead letters of a sink go; null: there are none, or they are dropped. */
export function deadLetterTopicOf(
  options: ResolvedOptions,
  sink: string,
  defaults: ErrorDefaults,
): string | null {
  const mode = parkModeOf(options, defaults);
  if (mode !== 'key' && mode !== 'record') return null;
  const given = options.optionalString(`${DEAD_LETTERS}.topic.name`) ?? '';
  if (given !== '') return given;
  return mode === 'record' && defaults === 'connect' ? null : `__tidemark.dlq.${sink}`;
}

/** Rules over several properties; `keyMode`: what the class calls pk.mode; null: it has none. */
export function sinkErrorRules(
  keyMode: 'pk.mode' | 'primary.key.mode' | null,
  defaults: ErrorDefaults,
): readonly OptionRule[] {
  const topic = `${DEAD_LETTERS}.topic.name`;
  return [
    {
      properties: ['errors.park', 'errors.tolerance'],
      check: (options) => {
        const given = options.optionalString('errors.park');
        const tolerance = options.string('errors.tolerance');
        if (given === 'record' && tolerance === 'none') {
          return 'record passes over records that fail: say errors.tolerance all, or use key';
        }
        return tolerance === 'all' && (given === 'table' || given === 'task')
          ? `${given} keeps others waiting: with errors.tolerance all use key or record`
          : undefined;
      },
    },
    ...(keyMode === null ? [] : [keyRule(keyMode, defaults)]),
    {
      properties: [topic, 'topics', 'topics.regex'],
      check: (options) => {
        const name = options.optionalString(topic) ?? '';
        const read = options.list('topics').includes(name);
        const matched = options.optionalPattern('topics.regex')?.test(name) ?? false;
        return name !== '' && (read || matched)
          ? 'must not be a topic that the sink itself reads'
          : undefined;
      },
    },
  ];
}

function keyRule(keyMode: string, defaults: ErrorDefaults): OptionRule {
  return {
    properties: ['errors.park', 'errors.tolerance', keyMode],
    check: (options) =>
      parkModeOf(options, defaults) === 'key' && options.string(keyMode) !== 'record_key'
        ? `key (the default with errors.tolerance all) needs ${keyMode} record_key: rows are ` +
          'told apart by the keys of their records; set errors.park to table or record'
        : undefined,
  };
}
