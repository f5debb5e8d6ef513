import { TidemarkError } from '../../foundation/errors.ts';

/**
 * What a failed commit means. The store is as it was before, but the library's path for a write
 * that fails is not safe (lmdb 3.5.6 formats its message into too small a buffer), so this process
 * writes no more: a full disk has to be seen before, by StoreSpace.
 */
export function commitError(thrown: unknown, folder: string): TidemarkError {
  if (thrown instanceof TidemarkError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new TidemarkError('STORE_IO', `the store ${folder} failed to write: ${message}`, {
    cause: thrown,
    cure:
      'Check the disk and the room on it, then restart the daemon. ' +
      'The stored data up to the last flush is intact.',
  });
}

/** What a failed read means. */
export function readError(thrown: unknown, folder: string): TidemarkError {
  if (thrown instanceof TidemarkError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new TidemarkError('STORE_IO', `the store ${folder} failed to read: ${message}`, {
    cause: thrown,
  });
}

/** What a failed open means. */
export function openError(thrown: unknown, folder: string): TidemarkError {
  if (thrown instanceof TidemarkError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (/VERSION_MISMATCH/.test(message)) {
    return new TidemarkError('STORE_VERSION', `the store ${folder} has another file format`, {
      cause: thrown,
    });
  }
  return new TidemarkError('STORE_OPEN', `cannot open the store ${folder}: ${message}`, {
    cause: thrown,
  });
}
