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
  /** A slot is to be given up, which is durable and told; it is still there. */
  'gap.intended',
  /** It is gone, and no other is made. */
  'gap.dropped',
  /** The new one is there, and no offset names its place. */
  'gap.made',
  /** The offset lies behind the gap, with all tables that are to be read again. */
  'gap.marked',
  /** All of them are. */
  'gap.healed',
  /** Records are encoded; the append has not begun. */
  'source.batch-encoded',
  /** Records and source offset are durable; the source has not been told. */
  'source.appended',
  /** The source has been told. */
  'source.confirmed',
  /** A table is to wait before a change; no record waits yet. */
  'gate.hold-stored',
  /** Some of what waited has gone out, or is about to. */
  'gate.releasing',
  /** Nothing of the table waits any more; its topic is not empty yet. */
  'gate.released',
  /** Records are read from the log; the target has seen nothing. */
  'sink.polled',
  /** Dead letters are durable; the transaction that counts them is not committed. */
  'sink.letters-sent',
  /** Rows and offsets are committed in the target; the log's group offset is not. */
  'sink.applied',
  /** A search index that is to replace another one is made; that one does not say so yet. */
  'search.index-made',
  /** It says so, and still takes writes. */
  'search.index-told',
  /** It takes none any more; the source was not asked yet to read the table. */
  'search.index-blocked',
  /** The alias has the new index; the old one is there. */
  'search.alias-moved',
  /** The old one is not; the new one still says that it is filled. */
  'search.replaced-deleted',
  /** The group offset is durable. */
  'sink.committed',
  /** A changed shape is durable with the alert that tells of it; nobody has raised it. */
  'alert.shape-stored',
  /** An alert is durable, in the history and for each channel; no channel has it. */
  'alert.stored',
  /** A channel has an alert; it is still in the store. */
  'alert.delivered',
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
