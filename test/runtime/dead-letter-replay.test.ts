import { expect, test } from 'vitest';
import { DeadLetterReader, type ReadLetter } from '../../src/runtime/dead-letter-reader.ts';
import { replayKeys } from '../../src/runtime/dead-letter-replay.ts';
import { sinkOptionsOf } from '../../src/runtime/sink-options.ts';
import { ParkedReplay } from '../../src/sink/sql/parked-replay.ts';
import { openEmbeddedTransport } from '../../src/transport/embedded/embedded-transport.ts';
import { letterSink } from '../support/letter-sink.ts';
import { never } from '../support/sink-harness.ts';

const TOPIC = '__tidemark.dlq.w';

test('a key of which letters are gone is not applied by half; others are', async () => {
  await using sink = await letterSink();
  await sink.feed([
    [1, 100],
    [1, 101],
    [2, 200],
  ]);
  sink.cure();
  const [options] = sink.config.sinks.map(sinkOptionsOf);
  if (options === undefined) throw new Error('there is one sink');
  await using replay = await ParkedReplay.open(options, () => undefined, never);
  await using transport = await openEmbeddedTransport({ path: sink.config.storePath });
  const reader = await DeadLetterReader.open(sink.config, transport, TOPIC, 'w');
  // As retention leaves a topic.
  const rest: Pick<DeadLetterReader, 'letters'> = {
    async *letters(signal): AsyncGenerator<readonly ReadLetter[]> {
      for await (const letters of reader.letters(signal)) yield letters.slice(1);
    },
  };
  const done = await replayKeys(replay, rest as DeadLetterReader, () => true, never);
  expect(done.applied).toBe(1);
  expect(done.keys.map(({ key, letters }) => [key, letters])).toEqual([
    ['{"id":1}', 2],
    ['{"id":2}', 0],
  ]);
  expect(done.keys[0]?.cause).toContain('1 of its 2 dead letters are gone');
  expect(sink.items()).toBe('2:200');
  expect(await replayKeys(replay, reader, () => true, never)).toMatchObject({ applied: 2 });
  expect(sink.items()).toBe('1:101 2:200');
});
