import { vi } from 'vitest';

/** Asks again until `check` does not throw: as long as a busy machine may take, not a second. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 20_000 });
}
