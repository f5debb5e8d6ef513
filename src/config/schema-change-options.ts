import { SHAPE_CLASSES } from './alert-classes.ts';
import type { Option } from './option.ts';
import type { OptionRule } from './resolve-options.ts';

/** What becomes of a table whose shape changes. */
export const CHANGE_POLICIES = [
  'evolve',
  'try_evolve',
  'hold',
  'lenient',
  'ignore',
  'exception',
] as const;
export type ChangePolicy = (typeof CHANGE_POLICIES)[number];

/** Where changes of a held table wait. */
export const HOLD_BUFFERS = ['spool', 'source'] as const;
export type HoldBuffer = (typeof HOLD_BUFFERS)[number];

/** Classes of changes that stand between records of their table, where one can stop before them. */
export const GATED_CLASSES = [
  'column_added',
  'column_dropped',
  'column_renamed',
  'column_retyped',
  'column_widened',
  'column_narrowed',
  'column_nullable',
  'column_required',
  'column_default',
  'column_moved',
  'members_added',
  'members_removed',
  'members_moved',
  'key_changed',
  'replica_identity',
  'table_truncated',
] as const;

/** Classes that people are told of, and that no record of the table shows. */
export const TOLD_CLASSES = SHAPE_CLASSES.filter(
  (name) => !(GATED_CLASSES as readonly string[]).includes(name),
);

/** How bad a change is. */
export const CHANGE_GRADES = ['info', 'warning', 'breaking'] as const;

const POLICY_DOC =
  'evolve: records have the new shape from the change on. try_evolve: the same, unless the ' +
  'registry or a sink would refuse it: then as hold. hold: the table waits before the change ' +
  'until somebody approves or rejects it; others flow. lenient: the table goes on in its old ' +
  'shape: new columns are left out, dropped ones are null, values of other types are converted ' +
  'where nothing is lost, and the table waits as with hold where something would be. ignore: as ' +
  'evolve, and nobody is told. exception: the pipeline stops before the change.';

/** The section `schema` itself. Its list `change.policies` comes beside. */
export const SCHEMA_OPTIONS: readonly Option[] = [
  {
    name: 'change.policy',
    type: { kind: 'enum', values: CHANGE_POLICIES },
    default: 'evolve',
    doc: `Of changes that no entry of change.policies covers. ${POLICY_DOC}`,
  },
  {
    name: 'hold.buffer',
    type: { kind: 'enum', values: HOLD_BUFFERS },
    default: 'spool',
    doc:
      'Where changes of a held table wait. spool: in our log (topics ' +
      '`__tidemark.waiting.…`), and the server may forget them. source: in the log of the ' +
      'server, which is kept from the first held change on, whatever other tables do; when the ' +
      'table is let go the log is read again from there, and the others wait as long as that ' +
      'takes. A snapshot that reads a held table moves what it waits for into our log.',
  },
  {
    name: 'hold.max.bytes',
    type: { kind: 'bytes', min: 1024 },
    default: '1gb',
    doc:
      'When more than this waits of one table, hold.deadline.action follows. With hold.buffer ' +
      'source it is the log that the server keeps since the change, of all tables; of MySQL and ' +
      'MariaDB as far as the sizes of its files are known.',
  },
  {
    name: 'hold.deadline',
    type: { kind: 'duration', min: 0 },
    default: '0',
    doc: 'How long a table may be held before hold.deadline.action follows; 0: for ever.',
  },
  {
    name: 'hold.deadline.action',
    type: { kind: 'enum', values: ['exception', 'approve', 'reject'] },
    default: 'exception',
    doc:
      'exception: the pipeline stops and nothing is lost, until somebody approves or rejects. ' +
      'approve, reject: as if somebody had said so.',
  },
];

/** Entries of `change.policies`: the first one that covers a change says what becomes of it. */
export const CHANGE_POLICY_OPTIONS: readonly Option[] = [
  {
    name: 'policy',
    type: { kind: 'enum', values: CHANGE_POLICIES },
    required: true,
    doc: POLICY_DOC,
  },
  {
    name: 'tables',
    type: { kind: 'regex-list' },
    doc: 'Of these tables alone: `schema.table`, of MySQL `database.table`.',
  },
  {
    name: 'classes',
    type: { kind: 'list' },
    doc: 'Of these classes alone, for example `column_dropped, column_retyped`.',
  },
  {
    name: 'grades',
    type: { kind: 'list' },
    doc: 'Only what is graded so as a whole: `info`, `warning`, `breaking`.',
  },
];

/** Policies that no record has to wait for. */
const TELLING: readonly string[] = ['evolve', 'ignore'];

/** Rules over several properties of an entry of `change.policies`. */
export const CHANGE_POLICY_RULES: readonly OptionRule[] = [
  {
    properties: ['policy', 'classes'],
    check: (options) => {
      const policy = options.optionalString('policy') ?? 'evolve';
      if (TELLING.includes(policy)) return undefined;
      const classes = options.list('classes');
      const told = classes.find((name) => TOLD_CLASSES.some((one) => one === name));
      if (told !== undefined) {
        return (
          `${policy} stops before a change, and no record of a table shows ${told}: ` +
          'use evolve or ignore for it'
        );
      }
      return policy === 'lenient' && classes.includes('table_truncated')
        ? 'lenient keeps a shape, and table_truncated has none: use evolve, hold or exception'
        : undefined;
    },
  },
];
