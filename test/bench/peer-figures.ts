/** What one repetition of a peer gave; null where the peer's tool had no figure. */
export interface Figures {
  readonly snapshotRowsPerSecond: number;
  readonly streamEventsPerSecond: number;
  readonly latencyP50Ms: number;
  readonly latencyP99Ms: number;
  /** Of the streaming catch-up. */
  readonly cpuMicrosPerEvent: number;
  readonly peakMb: number;
  /** From the start of the process (peer: of the connector in a warm JVM) to the first record. */
  readonly coldStartMs: number;
}
