import type { Transport } from '../../../src/transport/transport.ts';
import { batchOf } from '../batch-of.ts';
import { readAll } from '../log-reading.ts';

const SOURCE = 'numbered';

/** Small and repeatable randomness (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Appends one numbered batch after the other; each stores its number as the source offset. */
export async function appendNumbered(
  transport: Transport,
  random: () => number,
  durable: (batch: number) => boolean,
): Promise<void> {
  const topics = [
    await transport.openTopic('a'),
    await transport.openTopic('b', { partitions: 3 }),
  ];
  let number = Number((await transport.loadOffset(SOURCE)) ?? 0);
  for (;;) {
    number++;
    const count = 1 + Math.floor(random() ** 3 * 200);
    const records = Array.from({ length: count }, (_, i) => ({
      topic: topics[Math.floor(random() * 2)] ?? 0,
      key: `${i}`,
      value: `${number} ${i} ${count} ${'x'.repeat(random() * 600)}`,
    }));
    await transport.append(batchOf(records), { key: SOURCE, value: `${number}` });
    if (!durable(number)) return;
  }
}

/**
 * Reads all and throws when a batch is not whole, out of order or missing, or when the stored
 * offset is not that of the last batch, whose number is returned.
 */
export async function checkNumbered(transport: Transport): Promise<number> {
  await using consumer = await transport.consumer({
    group: 'check',
    topics: /.*/,
    register: false,
  });
  let sequence = 0;
  let expected = { number: 1, index: 0 };
  for (const { records } of await readAll(consumer)) {
    for (const record of records) {
      const text = record.value?.toString() ?? '';
      const [number = 0, index = 0, count = 0] = text.split(' ').map(Number);
      if (number !== expected.number || index !== expected.index || record.sequence !== sequence) {
        throw new Error(`batch ${expected.number} record ${expected.index} wanted, found ${text}`);
      }
      sequence++;
      expected =
        index + 1 < count ? { number, index: index + 1 } : { number: number + 1, index: 0 };
    }
  }
  const last = Number((await transport.loadOffset(SOURCE)) ?? 0);
  if (expected.index !== 0 || expected.number !== last + 1) {
    throw new Error(`offset ${last}, but the log ends at ${JSON.stringify(expected)}`);
  }
  if (transport.statistics()?.records !== sequence) throw new Error('records are counted wrongly');
  return last;
}
