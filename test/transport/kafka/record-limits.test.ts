import { expect, test } from 'vitest';
import { batchBytesAlone } from '../../../src/transport/kafka/record-batch-writer.ts';
import { RecordLimits } from '../../../src/transport/kafka/record-limits.ts';
import { TopicDirectory } from '../../../src/transport/kafka/topic-directory.ts';
import { batchOf } from '../batch-of.ts';
import { scriptedAdmin } from './scripted-admin.ts';

const MAX = 3000;

const LETTERS = { topic: 'letters', connector: 'shop' };

function limits(deadLetters: typeof LETTERS | null = null): RecordLimits {
  const directory = new TopicDirectory(scriptedAdmin(), () => null);
  directory.enter('small', 1);
  directory.enter('large', 1);
  return new RecordLimits(directory, { maxRequestBytes: MAX, deadLetters });
}

test('many small records are no large one', () => {
  const batch = batchOf(Array.from({ length: 50 }, () => ({ topic: 0, value: 'x'.repeat(100) })));
  expect(batch.byteLength).toBeGreaterThan(MAX);
  expect(limits().tooLarge(batch).size).toBe(0);
});

test('a record that no request takes is refused by name, with what to change', () => {
  const batch = batchOf([
    { topic: 0, value: 'x' },
    { topic: 1, key: 'k', value: 'x'.repeat(2950) },
  ]);
  expect(() => {
    limits().tooLarge(batch);
  }).toThrow(
    expect.objectContaining({
      code: 'RECORD_TOO_LARGE',
      message: 'a record of large has 3052 bytes; max.request.size is 3000',
      cure: expect.stringContaining('max.message.bytes of large') as string,
    }),
  );
});

test('what the producers refuse is found before, to the byte', () => {
  const batch = batchOf([{ topic: 1, value: 'x'.repeat(2895) }]);
  const bytes = batchBytesAlone(batch, 0);
  const fits = 2895 - (bytes - MAX);
  expect(limits(LETTERS).tooLarge(batchOf([{ topic: 1, value: 'x'.repeat(fits) }])).size).toBe(0);
  const over = batchOf([{ topic: 1, value: 'x'.repeat(fits + 1) }]);
  expect([...limits(LETTERS).tooLarge(over)]).toEqual([0]);
});

test('or becomes dead letters, from which it can be put together again', () => {
  const value = Array.from({ length: 900 }, (_, n) => `value ${n}, `).join('');
  const batch = batchOf([
    { topic: 0, value: 'x' },
    { topic: 1, key: 'k', value, timestampMs: 5 },
    { topic: 1, key: null, value: null, headers: [['h', 'x'.repeat(MAX)]] },
  ]);
  const ours = limits(LETTERS);
  const large = ours.tooLarge(batch);
  expect([...large]).toEqual([1, 2]);
  const letters = ours.deadLetters(batch, large, 7);
  const texts = Array.from({ length: letters.count }, (_, i) =>
    letters.writer.bytes.toString('utf8', letters.valueStarts[i], letters.valueEnds[i]),
  );
  expect(texts.slice(0, -1).join('')).toBe(value);
  expect(texts.at(-1)).toBe('');
  for (let i = 0; i < letters.count; i++) {
    expect(letters.topics[i]).toBe(7);
    expect((letters.headerEnds[i] ?? 0) - (letters.keyStarts[i] ?? 0)).toBeLessThan(MAX);
    const headers = letters.writer.bytes.toString(
      'utf8',
      letters.headerStarts[i],
      letters.headerEnds[i],
    );
    expect(headers).toContain('RecordTooLargeException');
    expect(headers).toContain(i < letters.count - 1 ? `${i + 1}/${letters.count - 1}` : '1/1');
  }
});
