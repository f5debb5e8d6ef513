import { describe, expect, test } from 'vitest';
import { expectWhole, readRecording, replayed, TOTAL } from '../support/recorded-transactions.ts';

const RECORDINGS = ['postgres', 'mysql', 'mysql-without-gtids'] as const;
const SEEDS = Array.from({ length: 25 }, (_, i) => 20_261_123 + i);

describe.each(RECORDINGS)("Debezium's own records of %s", (name) => {
  test('are applied in whole transactions, whichever partition comes first (S28)', async () => {
    const looks = await expectWhole(await readRecording(name), SEEDS);
    expect(looks).toBeGreaterThan(2 * SEEDS.length);
  });

  test('are not whole where an END tells of fewer events than there are', async () => {
    const text = JSON.stringify(await readRecording(name));
    const fewer = text.replaceAll(/(event_count\\*":)[2-9]/g, '$11');
    const replays = await Promise.all(
      SEEDS.map((seed) => replayed(JSON.parse(fewer) as never, seed)),
    );
    const halves = replays.filter(({ sums }) => sums.some((sum) => sum !== TOTAL));
    expect(halves.length).toBeGreaterThan(0);
  });

  test('wait for ever where one of a transaction is missing', async () => {
    const recorded = await readRecording(name);
    const [topic = ''] = Object.keys(recorded.topics).filter((one) => one.endsWith('.checking'));
    const partitions = (recorded.topics[topic] ?? []).map((entries) => entries.slice(0, -1));
    const topics = { ...recorded.topics, [topic]: partitions };
    const { notOnce, sums } = await replayed({ ...recorded, topics }, 1);
    expect(notOnce).toBeGreaterThan(0);
    expect(new Set(sums)).toEqual(new Set([TOTAL]));
  });
});
