import type { SourceOffset } from '../model/change-event.ts';

/**
 * When a transaction of the log ends (`transaction.boundary`): with each write, with the source's
 * own transactions, or after an interval.
 */
export type TransactionBoundary =
  | { readonly kind: 'poll' }
  | { readonly kind: 'connector' }
  | { readonly kind: 'interval'; readonly intervalMs: number };

/** True when a write at this offset is the last one of a transaction of the log. */
export function endsTransaction(
  boundary: TransactionBoundary,
  offset: SourceOffset,
  sinceLastMs: number,
): boolean {
  switch (boundary.kind) {
    case 'poll':
      return true;
    case 'connector':
      return offset.midTransaction !== true;
    case 'interval':
      return sinceLastMs >= boundary.intervalMs;
  }
}
