import { expect, test } from 'vitest';
import type { SinkRecord } from '../../src/model/sink-record.ts';
import { deletableKeys, keyText } from '../../src/verify/deletable-keys.ts';
import type { KeyTexts } from '../../src/verify/verify-ports.ts';

const { signal } = new AbortController();
/** Only the key is looked at, which stands in the topic's place. */
const record = (text: string): SinkRecord => ({ topic: text }) as unknown as SinkRecord;

async function deletable(
  keys: readonly string[],
  named: (text: string) => string | null,
): Promise<readonly string[]> {
  let questions = 0;
  const source = {
    deletion([text = '']: KeyTexts): SinkRecord | null {
      if (text === 'no number') throw new Error('no number');
      const made = named(text);
      return made === null ? null : record(made);
    },
  };
  const target = {
    keysOf(records: readonly SinkRecord[]): Promise<readonly KeyTexts[]> {
      questions++;
      return Promise.resolve(records.map(({ topic }) => [topic]).toReversed());
    },
  };
  const found = await deletableKeys(
    { source, target },
    keys.map((key) => [key]),
    signal,
  );
  return [String(questions), ...keys.filter((key) => found.has(keyText([key])))];
}

test('keys that come back as they are can be deleted, in one question', async () => {
  expect(await deletable(['1', '2'], (text) => text)).toEqual(['1', '1', '2']);
  expect(await deletable([], (text) => text)).toEqual(['0']);
});

test('a key that becomes another, or none, is left alone', async () => {
  const other = (text: string): string | null => (text === '1' ? '0' : text === '2' ? null : text);
  expect((await deletable(['1', '2', '3', 'no number'], other)).slice(1)).toEqual(['3']);
  // The delete of one would be that of another, which is none of them.
  const shifted = (text: string): string => (text === '2' ? '1' : text);
  expect((await deletable(['2', '3'], shifted)).slice(1)).toEqual(['3']);
});
