import type { Option } from './option.ts';

/** Why a change is never left out. */
export const LOSS =
  'leaving a change out would be silent loss; a change that cannot be read stops the task';

/**
 * What may never be passed over: values whose effect would be missed are refused, not ignored.
 * `systemTables` says why these are never captured.
 */
export function guardOptions(systemTables: string): readonly Option[] {
  return [
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
        refused: { false: systemTables },
      },
      default: 'true',
      doc: 'System tables are never captured.',
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
}

/** What a source says while nothing happens. */
export const HEARTBEAT_OPTIONS: readonly Option[] = [
  {
    name: 'heartbeat.interval.ms',
    type: { kind: 'duration', min: 0 },
    default: '10000',
    doc:
      'How often a record is written to `__debezium-heartbeat.<topic.prefix>`, and a little WAL. ' +
      '0: never. The slot of an idle database moves on all the same.',
  },
  {
    name: 'heartbeat.action.query',
    type: { kind: 'string' },
    doc: 'Statement to run at each heartbeat, instead of pg_logical_emit_message.',
  },
];
