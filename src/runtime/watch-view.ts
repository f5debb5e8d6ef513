import type { STALL_CAUSES } from '../config/alert-classes.ts';
import type { AlertSeverity } from '../model/alert.ts';
import type { RetentionView } from './retention-forecast.ts';

/** An error as people and programs read it: no stack, no cause. */
export interface ErrorView {
  readonly code: string;
  readonly message: string;
  readonly cure: string;
}

/** Why something does not move. `idle`: there is nothing to do. */
export type StallCause = (typeof STALL_CAUSES)[number];

/** What stands still, why, and what ends it. JSON values only. */
export interface Stall {
  readonly cause: StallCause;
  /** Null: the source. */
  readonly sink: string | null;
  readonly table: string | null;
  readonly severity: AlertSeverity;
  readonly title: string;
  readonly evidence: readonly string[];
  readonly cure: string;
}

/** One of the source. */
export type SourceStall = Omit<Stall, 'sink'>;

/** As the status shows it. JSON values only. */
export interface WatchView {
  readonly stalls: readonly Stall[];
  readonly retention: RetentionView | null;
  /** Since the server last answered, ms; null: it was not asked, or did not answer yet. */
  readonly lookedMsAgo: number | null;
  readonly problem: ErrorView | null;
}
