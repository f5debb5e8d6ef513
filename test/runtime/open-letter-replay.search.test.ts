import { expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import {
  dropLetters,
  listLetters,
  replayLetters,
  showLetters,
} from '../../src/runtime/dead-letters.ts';
import { openEmbeddedTransport } from '../../src/transport/embedded/embedded-transport.ts';
import { feedLetterSink, jsonText } from '../support/letter-sink.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';
import { scanIndex } from '../support/search-sink.ts';
import { askSearch, sharedSearch } from '../support/search-server.ts';
import { never } from '../support/sink-harness.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const search = await sharedSearch();
const TOPIC = 'shop.public.replayed';
const ALL = { sink: null, topic: null, key: null };
const LARGE = 2 ** 30;

/** A sink into an index that takes no number above 127. */
async function pipeline(folder: string) {
  const config = parsedPipeline({
    transport: { type: 'embedded', path: folder },
    source: { 'key.converter': 'json', 'value.converter': 'json' },
    sinks: [
      {
        name: 'replayed',
        'connector.class': 'elasticsearch',
        'connection.url': search.url,
        'document.version': 'offset',
        'errors.park': 'key',
      },
    ],
  });
  await (await openEmbeddedTransport({ path: config.storePath }))[Symbol.asyncDispose]();
  const mappings = { properties: { id: { type: 'long' }, n: { type: 'byte' } } };
  expect((await askSearch(search, 'PUT', `/${TOPIC}`, { mappings })).status).toBe(200);
  let offset = 0;
  const feed = (...rows: readonly (readonly [id: number, n: number])[]): Promise<void> => {
    const records = rows.map(([id, n]) => {
      const place = { offset, sequence: offset++, timestampMs: 1_000 };
      return { ...place, key: jsonText({ id }), value: jsonText({ id, n }), headers: [] };
    });
    return feedLetterSink(config, TOPIC, records);
  };
  return { command: { config, clock: systemClock, signal: never }, feed };
}

test('dlq list, show, replay and drop work on a search index as on a database', async () => {
  await using folder = await temporaryFolder('letters');
  const { command, feed } = await pipeline(folder.path);
  await feed([1, 1], [1, LARGE], [2, LARGE], [1, 5], [3, 3]);
  const [listed] = await listLetters(command, ALL);
  expect(listed).toMatchObject({ sink: 'replayed', letterTopic: '__tidemark.dlq.replayed' });
  expect(listed?.keys.map(({ key, letters }) => [key, letters])).toEqual([
    ['{"id":1}', 2],
    ['{"id":2}', 1],
  ]);
  const shown: unknown[] = [];
  for await (const letter of showLetters(command, { ...ALL, key: '{ "id": 1 }' })) {
    shown.push([letter.offset, letter.waits, letter.code, letter.value]);
  }
  expect(shown).toEqual([
    [1, true, 'SINK_RECORD', { id: 1, n: LARGE }],
    [3, true, 'SINK_KEY_PARKED', { id: 1, n: 5 }],
  ]);
  // Its newest state fits; the other key waits on, for the server's reason.
  const [first] = await replayLetters(command, ALL);
  expect(first?.keys.map(({ key, letters }) => [key, letters])).toEqual([
    ['{"id":1}', 0],
    ['{"id":2}', 1],
  ]);
  expect(first?.keys[1]?.cause).toContain('out of range');
  const rows = await scanIndex(search, TOPIC);
  expect(rows).toEqual({ 1: { id: 1, n: 5 }, 3: { id: 3, n: 3 } });
  expect(await dropLetters(command, ALL)).toEqual([{ sink: 'replayed', keys: 1, letters: 1 }]);
  expect((await listLetters(command, ALL))[0]?.keys).toEqual([]);
  await feed([2, 2]);
  expect((await scanIndex(search, TOPIC))['2']).toEqual({ id: 2, n: 2 });
});
