/**
 * When to let the kernel gather input before the next read. A reader that always drains the socket
 * wakes for every small packet: under load a pause of 1 to 2 ms costs nothing (the server is the
 * limit) and saves most of the CPU. At a low rate it would only add latency.
 */
export interface ReadRate {
  /** Moving average, bytes per ms. */
  readonly bytesPerMs: number;
  readonly lastReadMs: number;
}

export const IDLE_RATE: ReadRate = { bytesPerMs: 0, lastReadMs: 0 };

/** About 50,000 narrow rows a second: below it, latency matters more than CPU. */
const BUSY_BYTES_PER_MS = 16 * 1024;
/** A chunk this large shows that the kernel had gathered already. */
const LARGE_CHUNK_BYTES = 256 * 1024;
const SMALL_CHUNK_BYTES = 32 * 1024;
/**
 * The average forgets with this time constant. A block of a large transaction that still runs (of
 * 64 kB) must not look like load: a small commit behind it would wait.
 */
const WINDOW_MS = 50;

/** The rate after a read of `bytes` at `nowMs`. */
export function rateAfterRead(rate: ReadRate, bytes: number, nowMs: number): ReadRate {
  const elapsed = Math.max(0, nowMs - rate.lastReadMs);
  const kept = rate.bytesPerMs * Math.exp(-elapsed / WINDOW_MS);
  return { bytesPerMs: kept + bytes / WINDOW_MS, lastReadMs: nowMs };
}

/** How long to wait before the next read, ms; 0 = read on at once. */
export function pauseAfterRead(rate: ReadRate, bytes: number): 0 | 1 | 2 {
  if (rate.bytesPerMs < BUSY_BYTES_PER_MS || bytes >= LARGE_CHUNK_BYTES) return 0;
  return bytes < SMALL_CHUNK_BYTES ? 2 : 1;
}
