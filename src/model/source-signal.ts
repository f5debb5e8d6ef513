/** A signal to a source, as every channel brings it (Debezium's form, FEATURES A1.4). */
export interface SourceSignal {
  readonly id: string;
  /** `execute-snapshot`, `stop-snapshot`, `pause-snapshot`, `resume-snapshot` or `log`. */
  readonly type: string;
  /** JSON text. */
  readonly data: string | null;
}
