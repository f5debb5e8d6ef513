import type { Option } from './option.ts';

const LOSS =
  'leaving a change out would be silent loss; a change that cannot be read stops the task';
const TORN = 'rows of different moments would not fit the stream; the snapshot is repeatable_read';

/**
 * What happens at the edges of a slot, an offset or a server. Values whose effect would be missed
 * are refused, not ignored.
 */
export const POSTGRES_GUARD_OPTIONS: readonly Option[] = [
  {
    name: 'offset.mismatch.strategy',
    type: {
      kind: 'enum',
      values: ['trust_offset', 'trust_slot', 'trust_greater_lsn'],
      aliases: { no_validation: 'trust_offset' },
    },
    default: 'trust_offset',
    doc:
      'When the slot does not fit the stored offset. trust_offset (and no_validation): stop at ' +
      'any gap. trust_greater_lsn: pass over a gap of the same server, with a warning. ' +
      'trust_slot: also go on with the slot of another server, e.g. after pg_upgrade.',
  },
  {
    name: 'lsn.flush.mode',
    type: {
      kind: 'enum',
      values: ['connector', 'manual'],
      aliases: { connector_and_driver: 'connector' },
    },
    default: 'connector',
    doc:
      'connector (and connector_and_driver): the server may discard what is durable in the log, ' +
      'and WAL of an idle database. manual: it is never told; somebody else advances the slot.',
  },
  {
    name: 'flush.lsn.source',
    type: { kind: 'enum', values: ['true'], refused: { false: 'use lsn.flush.mode: manual' } },
    default: 'true',
    doc: 'Old name of lsn.flush.mode.',
  },
  {
    name: 'xmin.fetch.interval.ms',
    type: { kind: 'duration', min: 0 },
    default: '0',
    doc:
      'How often `source.xmin` is read: the oldest transaction whose catalog rows the slot ' +
      'keeps. 0: never, and the field is null.',
  },
  {
    name: 'event.processing.failure.handling.mode',
    type: { kind: 'enum', values: ['fail'], refused: { warn: LOSS, skip: LOSS, ignore: LOSS } },
    default: 'fail',
    doc: 'A change that cannot be decoded stops the task.',
  },
  {
    name: 'table.ignore.builtin',
    type: {
      kind: 'enum',
      values: ['true'],
      refused: { false: 'changes of system tables are not in the logical WAL' },
    },
    default: 'true',
    doc: 'System tables are never captured.',
  },
  {
    name: 'snapshot.isolation.mode',
    type: {
      kind: 'enum',
      values: ['repeatable_read'],
      aliases: { serializable: 'repeatable_read' },
      refused: { read_committed: TORN, read_uncommitted: TORN },
    },
    default: 'repeatable_read',
    doc: 'Tables are read as of one moment; serializable would see the same.',
  },
  {
    name: 'guardrail.collections.max',
    type: { kind: 'int', min: 0 },
    default: '0',
    doc: 'More captured tables than this are too many. 0: no limit.',
  },
  {
    name: 'guardrail.collections.limit.action',
    type: { kind: 'enum', values: ['warn', 'fail'] },
    default: 'warn',
    doc: 'What too many captured tables lead to: a warning, or the start is refused.',
  },
];
