/*
 * PostgreSQL's infinite dates and timestamps as numbers and texts of records say them: what stands
 * for `infinity` lies outside of PostgreSQL's own range, so that none of these hides a real time.
 */

/** A date or timestamp without end, in PostgreSQL's words. */
export type InfiniteTime = 'infinity' | '-infinity';

/** Debezium's `timestamp 'infinity'`, in ms of the JDBC driver and, likewise, in µs. */
const POSITIVE_SENTINEL = 9_223_372_036_825_200_000n;
const NEGATIVE_SENTINEL = -9_223_372_036_832_400_000n;
const POSITIVE_MILLIS = POSITIVE_SENTINEL / 1000n;
const NEGATIVE_MILLIS = NEGATIVE_SENTINEL / 1000n;
const LONG_MAX = 9_223_372_036_854_775_807n;
const LONG_MIN = -9_223_372_036_854_775_808n;

/**
 * Days that stand for `date 'infinity'`: ours are the extremes of int32; the others are what
 * Debezium 3.6 writes, by overflow, while streaming and in a snapshot (golden).
 */
const DAYS: ReadonlyMap<number, InfiniteTime> = new Map([
  [2_147_483_647, 'infinity'],
  // 3.7, while streaming.
  [2_146_033_979, 'infinity'],
  [-2_147_483_648, '-infinity'],
  [-2_147_472_692, 'infinity'],
  [-2_147_472_691, '-infinity'],
  [-622_191_234, 'infinity'],
  [-625_821_272, '-infinity'],
]);

/** Of days since 1970; undefined: a date. */
export function infiniteDays(days: number): InfiniteTime | undefined {
  return DAYS.get(days);
}

/** Of microseconds since 1970: the sentinels of Debezium 3.6 and 3.7. */
export function infiniteMicros(micros: bigint): InfiniteTime | undefined {
  if (micros === POSITIVE_SENTINEL || micros === LONG_MAX) return 'infinity';
  return micros === NEGATIVE_SENTINEL || micros === LONG_MIN ? '-infinity' : undefined;
}

/** Of milliseconds since 1970; the sentinel comes in both units (golden t_time). */
export function infiniteMillis(millis: bigint): InfiniteTime | undefined {
  if (millis === POSITIVE_SENTINEL || millis === POSITIVE_MILLIS) return 'infinity';
  return millis === NEGATIVE_SENTINEL || millis === NEGATIVE_MILLIS ? '-infinity' : undefined;
}

/** Of nanoseconds since 1970: the extremes of int64. */
export function infiniteNanos(nanos: bigint): InfiniteTime | undefined {
  if (nanos === LONG_MAX) return 'infinity';
  return nanos === LONG_MIN ? '-infinity' : undefined;
}

/** What Debezium writes for infinities under time.precision.mode=isostring. */
const JAVA_EXTREMES: ReadonlyMap<string, InfiniteTime> = new Map([
  ['+294247-01-10T04:00:25.2', 'infinity'],
  ['-290308-12-21T19:59:27.6', '-infinity'],
]);

/** Of an ISO-8601 text, with or without the zone of UTC. */
export function infiniteIso(text: string): InfiniteTime | undefined {
  // To look a text up is to go through all of it.
  if (!text.startsWith('+') && !text.startsWith('-')) return undefined;
  return JAVA_EXTREMES.get(text.endsWith('Z') ? text.slice(0, -1) : text);
}
