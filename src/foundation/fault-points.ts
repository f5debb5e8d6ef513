/**
 * The places between two effects where a crash is most telling. Tests kill the process there; in
 * production the hook does nothing. Names say what has just happened.
 */
export const FAULT_POINTS = [
  /** The snapshot's intent is durable; the slot may not exist yet. */
  'snapshot.intent-stored',
  /** The slot exists and its first row has arrived; no row is durable. */
  'snapshot.first-row',
  /** Some snapshot rows are durable, others are not. */
  'snapshot.rows-appended',
  /** All rows and the completed offset are durable; the stream has not started. */
  'snapshot.completed',
  /** Records are encoded; the append has not begun. */
  'source.batch-encoded',
  /** Records and source offset are durable; the source has not been told. */
  'source.appended',
  /** The source has been told. */
  'source.confirmed',
  /** Records are read from the log; the target has seen nothing. */
  'sink.polled',
  /** Dead letters are durable; the transaction that counts them is not committed. */
  'sink.letters-sent',
  /** Rows and offsets are committed in the target; the log's group offset is not. */
  'sink.applied',
  /** The group offset is durable. */
  'sink.committed',
] as const;

export type FaultPoint = (typeof FAULT_POINTS)[number];

/** Called at each point as it is passed. */
export type FaultHook = (point: FaultPoint) => void;

export const noFaults: FaultHook = () => undefined;

/**
 * Reads `name` or `name:n` and returns a hook that kills this process with SIGKILL at the n-th
 * passage of the point.
 */
export function killAtFaultPoint(setting: string): FaultHook {
  const [name, count = '1'] = setting.split(':');
  let left = Number(count);
  return (point) => {
    if (point !== name) return;
    left--;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  };
}
