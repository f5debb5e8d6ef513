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
 * old rows, or none; who reads the catalog, the old key. False: it has been too long.
 */
export async function untilVisible(
  querier: Querier,
  transactionIds: ReadonlySet<number>,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  if (transactionIds.size === 0) return true;
  const { inRecovery, visibility } = await snapshotWith(querier, transactionIds, clock, signal);
  return inRecovery || seesAll(visibility, transactionIds);
}

/** What queries see, once they see these transactions, or do not for too long. */
export async function snapshotWith(
  querier: Querier,
  transactionIds: ReadonlySet<number>,
  clock: Clock,
  signal: AbortSignal,
): Promise<{ readonly visibility: SnapshotVisibility; readonly inRecovery: boolean }> {
  const startedMs = clock.monotonicMs();
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    const [text, recovers] = (await querier.query(SNAPSHOT))[0]?.rows[0] ?? [];
    // On a standby a commit is replayed, and so visible, before it is decoded.
    const inRecovery = recovers === 't';
    const visibility = new SnapshotVisibility(text ?? '', inRecovery);
    const isOver = inRecovery || seesAll(visibility, transactionIds);
    if (isOver || clock.monotonicMs() - startedMs > GIVE_UP_MS) return { visibility, inRecovery };
    await clock.sleep(waitMs, signal);
    signal.throwIfAborted();
  }
}

function seesAll(visibility: SnapshotVisibility, transactionIds: ReadonlySet<number>): boolean {
  return [...transactionIds].every((id) => visibility.sees(id));
}
