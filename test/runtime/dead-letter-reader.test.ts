import { expect, test } from 'vitest';
import { DeadLetterReader, type ReadLetter } from '../../src/runtime/dead-letter-reader.ts';
import { openEmbeddedTransport } from '../../src/transport/embedded/embedded-transport.ts';
import { ITEMS, letterSink } from '../support/letter-sink.ts';
import { never } from '../support/sink-harness.ts';

test('letters come as the records that they were, those of other sinks are left out', async () => {
  await using sink = await letterSink();
  await sink.feed([
    [1, 1],
    [2, 100],
    [3, 'no'],
  ]);
  await using transport = await openEmbeddedTransport({ path: sink.config.storePath });
  const read = async (topic: string, name: string) => {
    const reader = await DeadLetterReader.open(sink.config, transport, topic, name);
    const letters: ReadLetter[] = [];
    for await (const some of reader.letters(never)) letters.push(...some);
    return letters;
  };
  const letters = await read('__tidemark.dlq.w', 'w');
  const records = letters.map(({ record }) => record);
  expect(records).toMatchObject([
    { topic: ITEMS, partition: 0, offset: 1, generation: 1, timestampMs: 1_001 },
    { offset: 2, failure: { stage: 'VALUE_CONVERTER' } },
  ]);
  expect(records[0]?.value?.values).toEqual([2, 100]);
  expect(await read('__tidemark.dlq.w', 'another')).toEqual([]);
  expect(await read('there.is.none', 'w')).toEqual([]);
});
