import { vi } from 'vitest';

/** Asks again until `check` does not throw: as long as a busy machine may take, not a second. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 45_000 });
}

/** The same where nothing is expected yet: in what runs before the tests. */
export async function until(holds: () => boolean): Promise<void> {
  await eventually(() => {
    if (!holds()) throw new Error(`not yet: ${String(holds)}`);
  });
}
