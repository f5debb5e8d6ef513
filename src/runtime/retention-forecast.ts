import type { RetentionLook } from '../model/server-look.ts';

/** What the server keeps for us, by which limit, and until when: for status, metrics, alerts. */
export interface RetentionView {
  readonly floor: string | null;
  readonly heldBytes: number | null;
  /** How fast the server writes its log; null: not yet measured. */
  readonly bytesPerSecond: number | null;
  readonly state: string | null;
  readonly isLost: boolean;
  readonly isHeldByTransaction: boolean;
  /** Tables that wait in that log for somebody's answer: it is kept for them. Absent: none. */
  readonly heldFor?: readonly string[];
  /** The limit of which the least is left; null: there is none. */
  readonly budget: BudgetView | null;
}

/** How much of a limit is left. */
export interface BudgetView {
  readonly setting: string;
  /** 0 to 100. */
  readonly leftPercent: number;
  /** Null: it is a limit of age. */
  readonly leftBytes: number | null;
  /** Until what we need is gone if we go no further; null: not yet measured, or never. */
  readonly leftMs: number | null;
  /** A limit of age, reckoned from the pace of writing. */
  readonly isEstimate: boolean;
}

interface Sample {
  readonly atMs: number;
  readonly endBytes: number;
}

/** Ten minutes at the usual interval: a burst does not decide, a change of pace soon does. */
const SAMPLES_MAX = 60;
/** Below this two looks tell chance. */
const SPAN_MIN_MS = 500;

/** Measures how fast a log grows, by the median of the slopes between all pairs of looks. */
export class LogGrowth {
  readonly #samples: Sample[] = [];

  /** `atMs`: monotonic. */
  add(atMs: number, endBytes: number): void {
    const last = this.#samples.at(-1);
    // Another server, or one that was made anew, counts from elsewhere.
    if (last !== undefined && endBytes < last.endBytes) this.#samples.length = 0;
    this.#samples.push({ atMs, endBytes });
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift();
  }

  /** Null before the second look. */
  bytesPerSecond(): number | null {
    const slopes: number[] = [];
    for (const [i, one] of this.#samples.entries()) {
      for (const other of this.#samples.slice(i + 1)) {
        const spanMs = other.atMs - one.atMs;
        if (spanMs < SPAN_MIN_MS) continue;
        slopes.push(((other.endBytes - one.endBytes) / spanMs) * 1000);
      }
    }
    slopes.sort((a, b) => a - b);
    return slopes[Math.floor(slopes.length / 2)] ?? null;
  }
}

/**
 * Puts a look and the growth together. `ownBytes`: a limit of the user's; 0: none. `heldFor`:
 * tables that wait in the server's log.
 */
export function retentionView(
  look: RetentionLook,
  bytesPerSecond: number | null,
  ownBytes: number,
  heldFor: readonly string[] = [],
): RetentionView {
  const { floor, heldBytes, state, isLost, isHeldByTransaction } = look;
  const own =
    ownBytes > 0 && heldBytes !== null
      ? [
          sizeBudget(
            {
              setting: `retention.budget.bytes = ${ownBytes}`,
              limitBytes: ownBytes,
              leftBytes: Math.max(0, ownBytes - heldBytes),
            },
            bytesPerSecond,
          ),
        ]
      : [];
  const budgets = [
    ...(look.size === null ? [] : [sizeBudget(look.size, bytesPerSecond)]),
    ...(look.age === null ? [] : [ageBudget(look.age)]),
    ...own,
  ].toSorted((a, b) => a.leftPercent - b.leftPercent);
  const shown = { floor, heldBytes, bytesPerSecond, state, isLost, isHeldByTransaction };
  const tables = heldFor.length === 0 ? {} : { heldFor };
  return { ...shown, ...tables, budget: budgets[0] ?? null };
}

function sizeBudget(
  { setting, limitBytes, leftBytes }: NonNullable<RetentionLook['size']>,
  bytesPerSecond: number | null,
): BudgetView {
  const grows = bytesPerSecond !== null && bytesPerSecond > 0;
  return {
    setting,
    leftPercent: percent(leftBytes, limitBytes),
    leftBytes,
    leftMs: grows ? Math.round((leftBytes / bytesPerSecond) * 1000) : null,
    isEstimate: false,
  };
}

function ageBudget({ setting, limitMs, leftMs, isEstimate }: NonNullable<RetentionLook['age']>) {
  const leftPercent = percent(leftMs, limitMs);
  return { setting, leftPercent, leftBytes: null, leftMs: Math.round(leftMs), isEstimate };
}

function percent(left: number, limit: number): number {
  return Math.min(100, Math.round((left / Math.max(1, limit)) * 1000) / 10);
}
