/**
 * What a source tells about its snapshots, with Debezium's names (FEATURES A1.4). Of our own are
 * the aggregates `Signal`, a signal that could not be followed, and `Source Gap`, changes that were
 * never read and are made up for.
 */
export interface SourceNotification {
  /** That of the signal that asked for it; absent: it gets one of its own. */
  readonly id?: string;
  readonly aggregate: 'Initial Snapshot' | 'Incremental Snapshot' | 'Signal' | 'Source Gap';
  readonly type:
    | 'STARTED'
    | 'IN_PROGRESS'
    | 'TABLE_SCAN_COMPLETED'
    | 'COMPLETED'
    | 'ABORTED'
    | 'SKIPPED'
    | 'PAUSED'
    | 'RESUMED'
    | 'REJECTED';
  /** `additional_data`; `connector_name` is added by whoever passes it on. */
  readonly data: Readonly<Record<string, string>>;
}

/** A notification as every channel shows it. */
export interface Notification {
  readonly id: string;
  readonly type: string;
  readonly aggregateType: string;
  readonly additionalData: Readonly<Record<string, string>>;
  readonly timestampMs: number;
}
