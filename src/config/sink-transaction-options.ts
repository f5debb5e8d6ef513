import type { Option, ResolvedOptions } from './option.ts';
import type { OptionRule } from './resolve-options.ts';

/** Whether and how a SQL sink keeps the source's transactions together. */
export const SINK_TRANSACTION_OPTIONS: readonly Option[] = [
  {
    name: 'transaction.mode',
    type: { kind: 'enum', values: ['none', 'source'] },
    default: 'none',
    doc:
      '`source`: what one transaction of the source changed in any tables becomes visible at ' +
      'once, and a record that cannot be applied stops the task. Needs all of the topics in one ' +
      'task, and provide.transaction.metadata of the source. `none`: in the order of the log.',
  },
  {
    name: 'transaction.metadata.topic',
    type: { kind: 'string' },
    doc:
      'With `transaction.mode: source`: where the transactions begin and end. By default the ' +
      'topic of the source of this file; to be named where the sink reads what another program ' +
      'wrote (`<prefix>.transaction` of Debezium). One partition.',
  },
  {
    name: 'transaction.max.rows',
    type: { kind: 'int', min: 1, max: 10_000_000 },
    default: '100000',
    doc:
      'Rows of one transaction that wait in memory for the rest of it; a larger one is applied ' +
      'in parts, in its turn, and a warning says so.',
  },
  {
    name: 'transaction.buffer.bytes',
    type: { kind: 'bytes', min: 64 * 1024, max: 4 * 1024 ** 3 },
    default: '32mb',
    doc:
      'Bytes of records, as the log has them, that wait in memory (decoded they take up to ten ' +
      'times as much). Beyond it partitions that are ahead are not read, and a transaction that ' +
      'is larger is applied in parts.',
  },
  {
    name: 'transaction.wait.ms',
    type: { kind: 'duration', min: 100 },
    default: '30000',
    doc:
      'How long a transaction may wait for records that it still lacks before a warning and the ' +
      'status say for which. Records without a BEGIN in the topic of metadata, read to its end, ' +
      'are then applied as they are.',
  },
];

/** Rules over the sink alone. */
export const SINK_TRANSACTION_RULES: readonly OptionRule[] = [
  {
    properties: ['tasks.max', 'transaction.mode'],
    check: (options) =>
      keepsTransactions(options) && options.number('tasks.max') > 1
        ? 'must be 1 with transaction.mode source: one connection has all of a transaction'
        : undefined,
  },
  {
    properties: ['transaction.metadata.topic', 'transaction.mode'],
    check: (options) =>
      options.has('transaction.metadata.topic') && options.string('transaction.mode') === 'none'
        ? 'means nothing with transaction.mode none: set that to source'
        : undefined,
  },
  {
    properties: ['transaction.mode', 'errors.tolerance', 'errors.park'],
    check: (options) => {
      if (!keepsTransactions(options)) return undefined;
      const park = options.optionalString('errors.park') ?? 'task';
      return options.string('errors.tolerance') === 'all' || park !== 'task'
        ? 'source stops the task at a record that cannot be applied: with it errors.tolerance is ' +
            'none, and errors.park is task or not given'
        : undefined;
    },
  },
];

/** A connector of a pipeline. */
interface NamedOptions {
  readonly name: string;
  readonly options: ResolvedOptions;
}

/** Transforms that leave to each record its topic and its block. */
const HARMLESS: readonly string[] = ['InsertHeader', 'DropHeaders'];

/** What of the source stands in the way of a sink's `transaction.mode: source`; empty: nothing. */
export function transactionProblems(
  source: NamedOptions,
  sinks: readonly NamedOptions[],
): readonly string[] {
  return sinks.filter(readsOwnTransactions).flatMap(({ name }) => {
    const { options } = source;
    const mode = `sink ${name}: transaction.mode source`;
    if (!options.has('provide.transaction.metadata')) {
      return [
        `${mode} keeps the transactions of a database together, and lines of a file have none: ` +
          'set it to none, or name the topic of another pipeline (transaction.metadata.topic)',
      ];
    }
    const problems: string[] = [];
    if (!options.boolean('provide.transaction.metadata')) {
      problems.push(
        `${mode} needs to know which records belong together: set provide.transaction.metadata ` +
          'of the source to true, or name the topic of another one (transaction.metadata.topic)',
      );
    }
    if (options.string('errors.tolerance') === 'all') {
      problems.push(
        `${mode} waits for all records of a transaction, and errors.tolerance all of the source ` +
          'passes over those that cannot be made: set it to none',
      );
    }
    const others = options.list('transforms').filter((one) => !isHarmless(options, one));
    if (others.length > 0) {
      problems.push(
        `${mode} counts the records of each transaction, and transforms of the source ` +
          `(${others.join(', ')}) may drop some or the block that tells it: move them to the sink`,
      );
    }
    return problems;
  });
}

/** The sink keeps the transactions of the source that stands in its file together. */
function readsOwnTransactions({ options }: NamedOptions): boolean {
  return keepsTransactions(options) && !options.has('transaction.metadata.topic');
}

/** Also of sinks that have no such option: false. */
export function keepsTransactions(options: ResolvedOptions): boolean {
  return options.optionalString('transaction.mode') === 'source';
}

function isHarmless(options: ResolvedOptions, transform: string): boolean {
  const type = options.optionalString(`transforms.${transform}.type`) ?? '';
  return HARMLESS.includes(type.split('.').at(-1) ?? '');
}
