import { expect, test } from 'vitest';
import {
  dropLetters,
  listLetters,
  replayLetters,
  type ShownLetter,
  showLetters,
} from '../../src/runtime/dead-letters.ts';
import { ITEMS, letterSink, type LetterSink } from '../support/letter-sink.ts';

const ALL = { sink: null, topic: null, key: null };

async function shown(sink: LetterSink, choice = ALL): Promise<ShownLetter[]> {
  const letters: ShownLetter[] = [];
  for await (const letter of showLetters(sink.command, choice)) letters.push(letter);
  return letters;
}

test('listed, shown, replayed, by key, and given up', async () => {
  await using sink = await letterSink();
  await sink.feed([
    [1, 1],
    [2, 200],
    [1, 300],
    [2, 2],
    [3, 'not a record'],
    [4, 4],
  ]);
  expect(sink.items()).toBe('1:1 4:4');
  const [listed] = await listLetters(sink.command, ALL);
  expect(listed?.keys.map(({ key, letters, code }) => [key, letters, code])).toEqual([
    ['{"id":2}', 2, 'SINK_RECORD'],
    ['{"id":1}', 1, 'SINK_RECORD'],
    ['{"id":3}', 1, listed?.keys[2]?.code],
  ]);
  const all = await shown(sink);
  expect(all.map(({ offset, stage, waits }) => [offset, stage, waits])).toEqual([
    [1, 'TASK_PUT', true],
    [2, 'TASK_PUT', true],
    [3, 'TASK_PUT', true],
    [4, 'VALUE_CONVERTER', true],
  ]);
  expect(all[0]).toMatchObject({ key: { id: 2 }, value: { id: 2, n: 200 }, topic: ITEMS });
  expect(all[3]).toMatchObject({ key: { id: 3 }, value: 'not a record' });
  const choice = { ...ALL, key: '{"id": 2}' };
  expect((await shown(sink, choice as never)).map(({ offset }) => offset)).toEqual([1, 3]);
  sink.cure();
  const key2 = { topic: ITEMS, key: '{"id":2}', letters: 0, cause: null };
  expect(await replayLetters(sink.command, choice as never)).toEqual([
    { sink: 'w', applied: 2, keys: [key2] },
  ]);
  expect(sink.items()).toBe('1:1 2:2 4:4');
  const [rest] = await replayLetters(sink.command, ALL);
  expect(rest?.applied).toBe(1);
  expect(rest?.keys.map(({ key, letters }) => [key, letters])).toEqual([
    ['{"id":1}', 0],
    ['{"id":3}', 1],
  ]);
  expect(sink.items()).toBe('1:300 2:2 4:4');
  expect(await dropLetters(sink.command, ALL)).toEqual([{ sink: 'w', keys: 1, letters: 1 }]);
  await sink.feed([[3, 3]]);
  expect(sink.items()).toBe('1:300 2:2 3:3 4:4');
});

test('a sink that does not exist, or writes a file, has none', async () => {
  await using sink = await letterSink();
  const nobody = { ...ALL, sink: 'nobody' } as never;
  await expect(listLetters(sink.command, nobody)).rejects.toThrow('no sink nobody');
});

test('of errors.park record they are counted by their cause, and nothing waits', async () => {
  await using sink = await letterSink({ 'errors.tolerance': 'all', 'errors.park': 'record' });
  await sink.feed([
    [1, 100],
    [2, 100],
    [1, 1],
  ]);
  const [listed] = await listLetters(sink.command, ALL);
  const kind = { topic: ITEMS, stage: 'TASK_PUT', code: 'SINK_RECORD', letters: 2, firstMs: 1_000 };
  expect(listed).toMatchObject({ keys: [], loose: [kind] });
  expect((await shown(sink)).map(({ waits }) => waits)).toEqual([false, false]);
  expect(await replayLetters(sink.command, ALL)).toEqual([{ sink: 'w', applied: 0, keys: [] }]);
});
