const MULTIPLIER = 0x5bd1e995;
const SEED = 0x9747b28c;

/**
 * Kafka's murmur2 (`org.apache.kafka.common.utils.Utils.murmur2`) of `bytes[start, end)`, as Java's
 * signed int.
 */
export function murmur2(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  const length = end - start;
  let hash = SEED ^ length;
  let at = start;
  const wordsEnd = start + (length & ~3);
  while (at < wordsEnd) {
    let word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    word = Math.imul(word, MULTIPLIER);
    word ^= word >>> 24;
    word = Math.imul(word, MULTIPLIER);
    hash = Math.imul(hash, MULTIPLIER) ^ word;
    at += 4;
  }
  const rest = length & 3;
  if (rest === 3) hash ^= (bytes[at + 2] as number) << 16;
  if (rest >= 2) hash ^= (bytes[at + 1] as number) << 8;
  if (rest >= 1) hash = Math.imul(hash ^ (bytes[at] as number), MULTIPLIER);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, MULTIPLIER);
  return hash ^ (hash >>> 15);
}

/**
 * The partition of a key as Java's default partitioner chooses it. The sign is masked off, not
 * negated: `Math.abs` would put half of the keys elsewhere.
 */
export function partitionOfKey(
  bytes: Uint8Array,
  start: number,
  end: number,
  partitions: number,
): number {
  return (murmur2(bytes, start, end) & 0x7fffffff) % partitions;
}
