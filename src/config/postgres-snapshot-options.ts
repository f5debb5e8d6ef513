import type { Option } from './option.ts';

const MODES: Option = {
  name: 'snapshot.mode',
  type: {
    kind: 'enum',
    values: ['initial', 'initial_only', 'always', 'no_data', 'when_needed'],
    refused: {
      never: 'use no_data',
      recovery: 'PostgreSQL sources keep no schema history that could need it',
      configuration_based: 'not supported; choose one of the other modes',
      custom: 'Java classes cannot be loaded; choose one of the other modes',
    },
  },
  default: 'initial',
  doc: 'When tables are read whole: initial = once, at the first start.',
};

const READING: readonly Option[] = [
  {
    name: 'snapshot.max.threads',
    type: { kind: 'int', min: 1, max: 64 },
    default: '4',
    doc: 'Connections that read the snapshot side by side.',
  },
  {
    name: 'snapshot.lock.timeout.ms',
    type: { kind: 'duration', min: 0 },
    default: '10000',
    doc: 'How long the snapshot may wait for a lock on a table.',
  },
  {
    name: 'snapshot.include.collection.list',
    type: { kind: 'regex-list' },
    doc: 'Tables that the first snapshot reads, `schema.table`; absent: all captured ones.',
  },
  {
    name: 'snapshot.tables.order.by.row.count',
    type: { kind: 'enum', values: ['disabled', 'ascending', 'descending'] },
    default: 'disabled',
    doc: 'Small or large tables first, by the estimate of the catalog.',
  },
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
];

const INCREMENTAL: readonly Option[] = [
  {
    name: 'incremental.snapshot.chunk.size',
    type: { kind: 'int', min: 1 },
    default: '1024',
    doc: 'Rows that an incremental snapshot reads at once.',
  },
  {
    name: 'read.only',
    type: { kind: 'boolean' },
    default: 'false',
    doc: 'Write nothing to the source for snapshots; a chunk may end later when that is idle.',
  },
  {
    name: 'incremental.snapshot.watermarking.strategy',
    type: { kind: 'enum', values: ['none', 'insert_insert', 'insert_delete'] },
    default: 'none',
    doc:
      'Rows in signal.data.collection that mark the windows of incremental snapshots, for those ' +
      'who read its topic; which rows are current is decided without them.',
  },
];

/** How tables are read, at first and again. */
export const POSTGRES_SNAPSHOT_OPTIONS: readonly Option[] = [MODES, ...READING, ...INCREMENTAL];
