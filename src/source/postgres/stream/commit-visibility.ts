import type { Clock } from '../../../foundation/clock.ts';
import { SNAPSHOT, SnapshotVisibility } from '../incremental/snapshot-visibility.ts';
import type { Querier } from '../wire/catalog-session.ts';

const FIRST_WAIT_MS = 1;
const LONGEST_WAIT_MS = 100;
/** A commit that waits longer than this waits for a standby that is away. */
const GIVE_UP_MS = 30_000;

/**
 * Waits until queries see what these transactions (32-bit ids) have done. The stream can bring a
 * transaction before anybody else sees it: its commit is in the WAL, and its backend has not told
 * the others yet, or waits for a synchronous standby. Who reads the table at that moment finds the
 * old rows, or none. False: it has been too long.
 */
export async function untilVisible(
  querier: Querier,
  transactionIds: ReadonlySet<number>,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  if (transactionIds.size === 0) return true;
  const startedMs = clock.monotonicMs();
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    const [text, inRecovery] = (await querier.query(SNAPSHOT))[0]?.rows[0] ?? [];
    // On a standby a commit is replayed, and so visible, before it is decoded.
    if (inRecovery === 't') return true;
    const visibility = new SnapshotVisibility(text ?? '', false);
    if ([...transactionIds].every((id) => visibility.sees(id))) return true;
    if (clock.monotonicMs() - startedMs > GIVE_UP_MS) return false;
    await clock.sleep(waitMs, signal);
    signal.throwIfAborted();
  }
}
