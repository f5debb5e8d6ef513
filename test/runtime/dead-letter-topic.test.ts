import { expect, test } from 'vitest';
import { TidemarkError } from '../../src/foundation/errors.ts';
import { DeadLetterTopic } from '../../src/runtime/dead-letter-topic.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { openEmbeddedTransport } from '../../src/transport/embedded/embedded-transport.ts';
import { counters } from '../support/sink-counters.ts';
import { never } from '../support/sink-harness.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const CLASSES = { KEY_CONVERTER: 'K', VALUE_CONVERTER: 'V', TRANSFORMATION: 'T', TASK_PUT: 'P' };

function letter(value: Buffer | null, code: 'SINK_RECORD' | 'SINK_KEY_PARKED' = 'SINK_RECORD') {
  const raw = {
    key: Buffer.from([0, 255]),
    value,
    headers: [{ name: 'mine', value: Buffer.from([1]) }],
  };
  const error = new TidemarkError(code, 'not so');
  const record = { ...counters().insert({ id: 1, n: 1 }), timestampMs: 77, raw };
  return { record, stage: 'TASK_PUT', error } as const;
}

async function setup(change: { topic?: string | null; headers?: boolean; each?: boolean }) {
  const { topic = 'dead', headers = true, each = false } = change;
  const folder = await temporaryFolder('letters');
  const transport = await openEmbeddedTransport({ path: folder.path });
  const points: string[] = [];
  const logged: unknown[][] = [];
  const logger = Object.assign(silentLogger(), {
    error: (...told: unknown[]) => void logged.push(told),
  });
  const letters = new DeadLetterTopic({
    sink: 'w',
    topic,
    headers,
    replicationFactor: -1,
    classes: CLASSES,
    transport,
    log: { each, places: each },
    logger,
    fault: (point) => points.push(point),
  });
  const read = async () => {
    const settings = { group: 'g', topics: ['dead'], register: false } as const;
    await using consumer = await transport.consumer(settings);
    const polled = await consumer.poll({ maxBytes: 1e6, maxWaitMs: 0, signal: never });
    return polled.flatMap(({ records }) => records);
  };
  return {
    letters,
    transport,
    points,
    logged,
    read,
    async [Symbol.asyncDispose]() {
      await transport[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

test('key, value, time and headers stay byte for byte; ours come behind', async () => {
  await using written = await setup({});
  const { letters, points, read } = written;
  await letters.send([letter(Buffer.from([9, 0])), letter(null)]);
  await letters.send([letter(Buffer.from('c'))]);
  const records = await read();
  expect(records.map(({ value }) => value?.toString('hex') ?? null)).toEqual(['0900', null, '63']);
  const [first] = records;
  expect(first?.key?.toString('hex')).toBe('00ff');
  expect(first?.timestampMs).toBe(77);
  expect(first?.headers[0]).toEqual({ name: 'mine', value: Buffer.from([1]) });
  expect(first?.headers).toHaveLength(13);
  expect(points).toEqual(['sink.letters-sent', 'sink.letters-sent']);
  expect(letters.sent).toBe(3);
});

test('without headers, and without a topic', async () => {
  await using bare = await setup({ headers: false });
  await bare.letters.send([letter(null)]);
  expect((await bare.read())[0]?.headers).toHaveLength(1);
  await using dropping = await setup({ topic: null });
  await dropping.letters.send([letter(null)]);
  expect(await dropping.transport.listTopics()).toEqual([]);
  expect(dropping.logged[0]?.[1]).toContain('record dropped');
});

test('what only waits is no news, unless each is to be told', async () => {
  const all = [letter(null), letter(null), letter(null, 'SINK_KEY_PARKED')];
  await using quiet = await setup({});
  await quiet.letters.send(all);
  expect(quiet.logged).toHaveLength(1);
  await using loud = await setup({ each: true });
  await loud.letters.send(all);
  expect(loud.logged).toHaveLength(3);
  expect(loud.logged[2]?.[0]).toMatchObject({ partition: 0, offset: 0, timestampMs: 77 });
});
