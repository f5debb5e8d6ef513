/** What can happen to a table. */
export const SHAPE_CLASSES = [
  'column_added',
  'column_dropped',
  'column_renamed',
  'column_retyped',
  'column_widened',
  'column_narrowed',
  'column_nullable',
  'column_required',
  'column_default',
  'column_generated',
  'column_counted',
  'column_moved',
  'column_charset',
  'column_comment',
  'members_added',
  'members_removed',
  'members_moved',
  'key_changed',
  'replica_identity',
  'table_charset',
  'table_comment',
  'rows_rewritten',
  'table_created',
  'table_dropped',
  'table_renamed',
  'table_truncated',
  'table_recreated',
] as const;

/** Why something does not move. */
export const STALL_CAUSES = [
  'idle',
  'task_failed',
  'task_retried',
  'source_down',
  'position_lost',
  'publication_lost',
  'other_reader',
  'dead_socket',
  'lock_wait',
  'long_transaction',
  'sender_waits',
  'server_busy',
  'replica_lag',
  'slow_source',
  'registry_down',
  'registry_refuses',
  'broker_down',
  'store_full',
  'target_down',
  'slow_target',
  'unknown',
] as const;

/** A class of alerts, as far as rules and filters depend on it. */
export interface AlertClass {
  readonly name: string;
  /** It happens once; else it holds until its cause is gone. */
  readonly isEvent: boolean;
  /** In what it is measured, so that a rule may set the threshold; null: it is so or not. */
  readonly unit: MeasureUnit | null;
  /** Its alerts may be of a table, of a sink. */
  readonly ofTable: boolean;
  readonly ofSink: boolean;
  /** The option that has its thresholds, which are more than one. */
  readonly stagesIn?: string;
}

/** In what conditions are measured. */
export type MeasureUnit = 'ms' | 'bytes' | 'records' | 'percent' | 'count';

/** Causes that are told to nobody, or as alerts of other classes. */
const QUIET_CAUSES: ReadonlySet<string> = new Set([
  'idle',
  'server_busy',
  'task_failed',
  'task_retried',
  'registry_refuses',
]);

function condition(
  name: string,
  unit: MeasureUnit | null,
  ...of: readonly ('table' | 'sink')[]
): AlertClass {
  const [ofTable, ofSink] = [of.includes('table'), of.includes('sink')];
  return { name, isEvent: false, unit, ofTable, ofSink };
}

/** All that rules, channels and maintenance can be about. */
export const ALERT_CLASSES: readonly AlertClass[] = [
  ...SHAPE_CLASSES.map((kind) => ({
    name: `schema.${kind}`,
    isEvent: true,
    unit: null,
    ofTable: true,
    ofSink: false,
  })),
  { ...condition('source.slot_dropped', null), isEvent: true },
  condition('source.gap', null),
  condition('lag.source', 'ms'),
  condition('lag.sink', 'ms', 'sink'),
  condition('lag.table', 'ms', 'table', 'sink'),
  condition('lag.records', 'records', 'sink'),
  condition('task.failed', null, 'sink'),
  condition('task.retrying', null, 'sink'),
  condition('table.held', null, 'table', 'sink'),
  condition('table.hold_deadline', 'ms', 'table'),
  condition('table.parked', null, 'table', 'sink'),
  condition('keys.parked', 'count', 'sink'),
  condition('dead_letters', 'count', 'sink'),
  condition('heartbeat.missing', 'ms'),
  condition('store.space', 'percent'),
  { ...condition('budget.retention', null), stagesIn: 'retention.budget.alerts' },
  condition('budget.bytes', 'bytes'),
  condition('budget.time', 'ms'),
  condition('verify.drift', 'count', 'table', 'sink'),
  condition('verify.failed', null),
  condition('alerts.channel', null),
  ...STALL_CAUSES.filter((cause) => !QUIET_CAUSES.has(cause)).map((cause) =>
    condition(`stall.${cause}`, null, 'table', 'sink'),
  ),
];
