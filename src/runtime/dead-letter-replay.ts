import type { ParkedKey, SinkRecord } from '../model/sink-record.ts';
import { keyTextOf } from '../sink/parked-key.ts';
import type { LetterReplay } from '../sink/letter-replay.ts';
import type { DeadLetterReader } from './dead-letter-reader.ts';

/** Letters of one transaction of the target. */
const LETTERS_AT_ONCE = 1_000;

/** What became of a key. */
export interface KeyReplay {
  readonly topic: string;
  readonly key: string;
  /** Records that still wait; 0: the key is free. */
  readonly letters: number;
  /** Why they do; null: they do not. */
  readonly cause: string | null;
}

type IsWanted = (key: ParkedKey) => boolean;

function idOf(topic: string, key: string): string {
  return `${topic} ${key}`;
}

/**
 * Reads the letters twice: first to see that none of a key is missing, because a row must not come
 * by half of its changes; then to apply them, in the order in which they were told. Goes round
 * again while a daemon adds letters to keys that are nearly free.
 */
export async function replayKeys(
  replay: LetterReplay,
  reader: DeadLetterReader,
  isWanted: IsWanted,
  signal: AbortSignal,
): Promise<{ readonly applied: number; readonly keys: readonly KeyReplay[] }> {
  const causes = new Map<string, string>();
  const asked = new Map<string, ParkedKey>();
  let applied = 0;
  for (;;) {
    const waiting = (await replay.list()).filter(isWanted);
    for (const one of waiting) asked.set(idOf(one.topic, one.key), one);
    await findMissing(waiting, reader, causes, signal);
    const open = new Set(
      waiting.map(({ topic, key }) => idOf(topic, key)).filter((id) => !causes.has(id)),
    );
    const done = await applyOnce(replay, reader, open, causes, signal);
    applied += done;
    if (done === 0) break;
  }
  const left = (await replay.list()).filter(isWanted);
  const keys = [...asked].map(([id, { topic, key }]): KeyReplay => {
    const own = left.filter((one) => idOf(one.topic, one.key) === id);
    const letters = own.reduce((sum, one) => sum + one.letters, 0);
    const cause = letters === 0 ? null : (causes.get(id) ?? own[0]?.message ?? null);
    return { topic, key, letters, cause };
  });
  return { applied, keys };
}

/** One count for each key and partition that waits: a letter of it may be there twice. */
async function findMissing(
  waiting: readonly ParkedKey[],
  reader: DeadLetterReader,
  causes: Map<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const counts = new Map<string, { next: number; found: number; readonly key: ParkedKey }>();
  const idIn = (topic: string, partition: number, key: string): string =>
    `${idOf(topic, key)} ${partition}`;
  for (const key of waiting) {
    const id = idIn(key.topic, key.partition, key.key);
    counts.set(id, { next: key.offset, found: 0, key });
  }
  if (counts.size === 0) return;
  for await (const letters of reader.letters(signal)) {
    for (const { record } of letters) {
      const key = record === null ? null : keyTextOf(record);
      if (record === null || key === null) continue;
      const count = counts.get(idIn(record.topic, record.partition, key));
      if (count === undefined || record.offset < count.next) continue;
      count.next = record.offset + 1;
      count.found++;
    }
  }
  for (const { found, key } of counts.values()) {
    if (found >= key.letters) continue;
    const { topic, letters } = key;
    const cause =
      `${letters - found} of its ${letters} dead letters are gone from their topic: give the ` +
      'key up (tidemark dlq drop) and snapshot its row anew';
    causes.set(idOf(topic, key.key), cause);
  }
}

async function applyOnce(
  replay: LetterReplay,
  reader: DeadLetterReader,
  open: ReadonlySet<string>,
  causes: Map<string, string>,
  signal: AbortSignal,
): Promise<number> {
  if (open.size === 0) return 0;
  let applied = 0;
  const gathered = new Map<string, SinkRecord[]>();
  const flush = async (topic: string, records: readonly SinkRecord[]): Promise<void> => {
    const isOpen = (record: SinkRecord): boolean =>
      !causes.has(idOf(topic, keyTextOf(record) ?? ''));
    const done = await replay.replay(topic, records.filter(isOpen));
    applied += done.applied;
    for (const [key, error] of done.failed) causes.set(idOf(topic, key), error.message);
  };
  for await (const letters of reader.letters(signal)) {
    for (const { record } of letters) {
      const key = record === null ? null : keyTextOf(record);
      if (record === null || key === null || !open.has(idOf(record.topic, key))) continue;
      const own = gathered.get(record.topic) ?? [];
      own.push(record);
      gathered.set(record.topic, own);
      if (own.length < LETTERS_AT_ONCE) continue;
      gathered.delete(record.topic);
      await flush(record.topic, own);
    }
  }
  for (const [topic, records] of gathered) await flush(topic, records);
  return applied;
}
