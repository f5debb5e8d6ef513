import { expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { listStoredTopics, type TailRecord, tailTopic } from '../../src/runtime/topic-tail.ts';
import { letterSink } from '../support/letter-sink.ts';
import { never } from '../support/sink-harness.ts';

test('the last records of a topic, decoded, and the topics that there are', async () => {
  await using sink = await letterSink();
  await sink.feed([
    [1, 100],
    [2, 200],
    [3, 'no record'],
  ]);
  const place = { config: sink.config };
  const topic = '__tidemark.dlq.w';
  const settings = { place, clock: systemClock, signal: never, follow: false } as const;
  const last = { ...settings, topic, fromBeginning: false, limit: 2 };
  const records: TailRecord[] = [];
  for await (const record of tailTopic(last)) records.push(record);
  expect(records.map(({ key, value }) => [key, value])).toEqual([
    [{ id: 2 }, { id: 2, n: 200 }],
    [{ id: 3 }, 'no record'],
  ]);
  expect((await listStoredTopics(place, systemClock)).map(({ name }) => name)).toEqual([topic]);
  const unknown = tailTopic({ ...last, topic: 'nothing' });
  await expect(unknown.next()).rejects.toThrow('there is no topic nothing');
});
