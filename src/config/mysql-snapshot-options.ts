import type { Option } from './option.ts';
import { acceptedOptions, withDocs } from './option-table.ts';
import { BASED, DDL_REWRITES, SOURCE_SNAPSHOT_OPTIONS } from './source-snapshot-options.ts';

const PERCONA = 'the backup locks of Percona are not used; take minimal or none';

/** How tables are read, at first and again. */
export const MYSQL_SNAPSHOT_OPTIONS: readonly Option[] = [
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
        'recovery',
        'configuration_based',
      ],
      refused: {
        never: 'use no_data',
        schema_only: 'use no_data',
        schema_only_recovery: 'use recovery',
        custom: 'Java classes cannot be loaded; choose one of the other modes',
      },
    },
    default: 'initial',
    doc:
      'When tables are read whole: `initial` once, at the first start; `initial_only` so, and ' +
      'then no stream; `always` at every start; `no_data` never; `when_needed` also when the ' +
      'server has purged the stored position; `recovery` only their shapes, for a schema history ' +
      `that is lost; \`configuration_based\` as \`${BASED}.…\` say.`,
  },
  ...withDocs(SOURCE_SNAPSHOT_OPTIONS, {
    [`${BASED}.snapshot.on.data.error`]:
      'With `configuration_based`: a purged position is a reason to read; needs `…snapshot.data`.',
    'snapshot.fetch.size':
      'Rows of a table that are taken over at most before the log is asked for room. They come ' +
      'without round trips: fewer only save memory. 0: as many as a buffer has.',
    'snapshot.tables.order.by.row.count':
      'Small or large tables first, by the estimate of information_schema.',
  }),
  {
    name: `${BASED}.snapshot.on.schema.error`,
    type: { kind: 'boolean' },
    default: 'false',
    doc: 'With `configuration_based`: a lost schema history is made anew, as by `recovery`.',
  },
  ...acceptedOptions({
    [`${BASED}.snapshot.schema`]: 'shapes of tables are always read before a stream begins',
  }),
  DDL_REWRITES,
  {
    name: 'snapshot.locking.mode',
    type: {
      kind: 'enum',
      values: ['minimal', 'extended', 'none'],
      refused: {
        minimal_percona: PERCONA,
        minimal_percona_no_table_locks: PERCONA,
        minimal_at_least_once: 'use none, with which chunks are checked against the stream',
        custom: 'Java classes cannot be loaded; use minimal, extended or none',
      },
    },
    default: 'minimal',
    doc:
      'How the position of a first snapshot is found: `minimal` under a lock as short as the ' +
      'privileges permit; `extended` keeps it until all rows are read; `none` without a lock: ' +
      'what changes meanwhile is read against the stream.',
  },
];
