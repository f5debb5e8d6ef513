import { TidemarkError } from '../../foundation/errors.ts';

/** Room on the disk below which an I/O error is taken for a full disk. */
const FULL_BELOW_BYTES = 1024 * 1024;

/**
 * What a failed commit means. The store reports a write that the disk cut short as EIO, so the code
 * alone does not tell a full disk from a broken one: the room left decides.
 */
export function commitError(thrown: unknown, folder: string, roomBytes: number): TidemarkError {
  if (thrown instanceof TidemarkError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const full = /ENOSPC|No space left|File too large|quota exceeded|MDB_MAP_FULL/i.test(message);
  if (full || roomBytes < FULL_BELOW_BYTES) {
    return new TidemarkError('STORE_FULL', `no room on the disk of ${folder}: ${message}`, {
      cause: thrown,
    });
  }
  return new TidemarkError('STORE_IO', `the store ${folder} failed to write: ${message}`, {
    cause: thrown,
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
