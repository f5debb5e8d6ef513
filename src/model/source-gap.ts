/** Of the offset's keys: a gap whose tables are not all read again. */
export const GAP_KEY = 'tidemark.gap';

/** Changes that the source's server gave up, and that were never read. JSON values only. */
export interface SourceGap {
  /** Behind what was captured, as the source prints positions. */
  readonly from: string;
  /** Where the stream goes on; null: it has not begun again. */
  readonly to: string | null;
  readonly sinceMs: number;
  /** Why nobody waited for them. */
  readonly reason: string;
}

/** The step that is done when it is told; the names of fault points end so. */
export type GapStep = 'intended' | 'dropped' | 'made' | 'marked';

/** The part of an offset that may have one. */
interface StoredGap {
  readonly offset: Readonly<Record<string, unknown>>;
}

/** As it stands in an offset. */
export function encodeGap(gap: SourceGap): string {
  return JSON.stringify(gap);
}

/** Null: there is none, or what it took is read again. */
export function gapOf({ offset }: StoredGap): SourceGap | null {
  const text = offset[GAP_KEY] ?? null;
  return typeof text === 'string' ? (JSON.parse(text) as SourceGap) : null;
}
