/** What a source tells about its snapshots, with Debezium's names (FEATURES A1.4). */
export interface SourceNotification {
  readonly aggregate: 'Initial Snapshot' | 'Incremental Snapshot';
  readonly type:
    | 'STARTED'
    | 'IN_PROGRESS'
    | 'TABLE_SCAN_COMPLETED'
    | 'COMPLETED'
    | 'ABORTED'
    | 'SKIPPED'
    | 'PAUSED'
    | 'RESUMED';
  /** `additional_data`; `connector_name` is added by whoever passes it on. */
  readonly data: Readonly<Record<string, string>>;
}
