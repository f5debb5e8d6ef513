import type { Option } from './option.ts';
import { acceptedOptions } from './option-table.ts';
import type { OptionRule } from './resolve-options.ts';
import { BASED, needsStream, SOURCE_SNAPSHOT_OPTIONS } from './source-snapshot-options.ts';

const NO_HISTORY = 'shapes come with the stream';

/** How tables are read, at first and again. */
export const POSTGRES_SNAPSHOT_OPTIONS: readonly Option[] = [
  {
    name: 'snapshot.mode',
    type: {
      kind: 'enum',
      values: [
        'initial',
        'initial_only',
        'always',
        'no_data',
        'when_needed',
        'configuration_based',
      ],
      refused: {
        never: 'use no_data',
        schema_only: 'use no_data',
        schema_only_recovery: 'PostgreSQL sources keep no schema history that could need it',
        recovery: 'PostgreSQL sources keep no schema history that could need it',
        exported: 'every snapshot is one that the slot exported: use initial',
        custom: 'Java classes cannot be loaded; choose one of the other modes',
      },
    },
    default: 'initial',
    doc:
      'When tables are read whole: `initial` once, at the first start; `initial_only` so, and ' +
      'then no stream; `always` at every start; `no_data` never; `when_needed` also when the ' +
      `slot is lost; \`configuration_based\` as \`${BASED}.…\` say.`,
  },
  ...SOURCE_SNAPSHOT_OPTIONS,
  {
    name: 'snapshot.locking.mode',
    type: {
      kind: 'enum',
      values: ['none', 'shared'],
      refused: { custom: 'Java classes cannot be loaded; use none or shared' },
    },
    default: 'shared',
    doc: 'Either way ACCESS SHARE is held while rows are read: DDL would empty the snapshot.',
  },
  {
    name: 'snapshot.wal.budget',
    type: { kind: 'bytes', min: 0 },
    default: '0',
    doc:
      'WAL that the first snapshot may make the slot hold back; past it the stream begins, and ' +
      'the rest is read beside it. 0: as much as it takes.',
  },
  ...acceptedOptions({
    [`${BASED}.snapshot.schema`]: NO_HISTORY,
    [`${BASED}.snapshot.on.schema.error`]: NO_HISTORY,
  }),
];

/** Rules over these properties. */
export const POSTGRES_SNAPSHOT_RULES: readonly OptionRule[] = [
  needsStream('snapshot.wal.budget', (options) => options.number('snapshot.wal.budget') > 0),
];
