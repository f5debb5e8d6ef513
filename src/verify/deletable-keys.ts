import type { SinkRecord } from '../model/sink-record.ts';
import type { KeyTexts, SourceTable, TargetTable } from './verify-ports.ts';

/** Keys of one text are one key. */
export function keyText(key: KeyTexts): string {
  return JSON.stringify(key);
}

/**
 * Those of the target's keys that a delete of the source would name: the target prints the key of
 * the record just so. A key that the source writes otherwise (`1` for true, another zone) is left
 * alone, since its delete could be that of another row.
 */
export async function deletableKeys(
  {
    source,
    target,
  }: {
    readonly source: Pick<SourceTable, 'deletion'>;
    readonly target: Pick<TargetTable, 'keysOf'>;
  },
  keys: readonly KeyTexts[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const deletions = keys.map((key) => deletionOf(source, key));
  const records = deletions.filter((record) => record !== null);
  const all = await textsOf(target, records, signal);
  const wanted = new Set(keys.map(keyText));
  if (all.size === wanted.size && [...all].every((text) => wanted.has(text))) return wanted;
  // Some are others: which ones is asked one by one, which is rare.
  const deletable = new Set<string>();
  for (const [i, key] of keys.entries()) {
    const record = deletions[i] ?? null;
    if (record === null) continue;
    const [text, ...more] = await textsOf(target, [record], signal);
    if (text === keyText(key) && more.length === 0) deletable.add(text);
  }
  return deletable;
}

function deletionOf(source: Pick<SourceTable, 'deletion'>, key: KeyTexts): SinkRecord | null {
  try {
    return source.deletion(key);
  } catch {
    // No row of the source can have it.
    return null;
  }
}

async function textsOf(
  target: Pick<TargetTable, 'keysOf'>,
  records: readonly SinkRecord[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  if (records.length === 0) return new Set();
  const keys = await target.keysOf(records, signal);
  return new Set((keys ?? []).map(keyText));
}
