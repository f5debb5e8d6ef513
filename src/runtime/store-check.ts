import { existsSync, mkdtempSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { TidemarkError } from '../foundation/errors.ts';
import { StoreLock } from '../transport/embedded/store-lock.ts';

/** What a check of the store's folder found. */
export interface StoreFindings {
  readonly problems: readonly TidemarkError[];
  /** The process of a daemon that has the store open for writing; null: none. */
  readonly heldBy: string | null;
}

/** Whether a daemon runs on the store, and if none does, whether one could write there. */
export function checkStore(folder: string): StoreFindings {
  const heldBy = StoreLock.holder(folder);
  if (heldBy !== null) return { problems: [], heldBy };
  const place = nearestExisting(folder);
  try {
    // Rights, mounts and quotas are many; a folder that can be made tells all of them.
    rmdirSync(mkdtempSync(path.join(place, '.tidemark-')));
    return { problems: [], heldBy };
  } catch (thrown) {
    const { code = String(thrown) } = thrown as NodeJS.ErrnoException;
    const message = `cannot write the store ${folder}: ${code} in ${place}`;
    return { problems: [new TidemarkError('STORE_OPEN', message, { cause: thrown })], heldBy };
  }
}

function nearestExisting(folder: string): string {
  const parent = path.dirname(folder);
  return existsSync(folder) || parent === folder ? folder : nearestExisting(parent);
}
