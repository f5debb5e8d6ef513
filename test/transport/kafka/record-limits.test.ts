import { expect, test } from 'vitest';
import { RecordLimits } from '../../../src/transport/kafka/record-limits.ts';
import { TopicDirectory } from '../../../src/transport/kafka/topic-directory.ts';
import { batchOf } from '../batch-of.ts';
import { scriptedAdmin } from './scripted-admin.ts';

const MAX = 1000;

function limits(): RecordLimits {
  const directory = new TopicDirectory(scriptedAdmin(), () => null);
  directory.enter('small', 1);
  directory.enter('large', 1);
  return new RecordLimits(directory, MAX);
}

test('many small records are no large one', () => {
  const batch = batchOf(Array.from({ length: 50 }, () => ({ topic: 0, value: 'x'.repeat(100) })));
  expect(batch.byteLength).toBeGreaterThan(MAX);
  limits().check(batch);
});

test('a record that no request takes is refused by name, with what to change', () => {
  const batch = batchOf([
    { topic: 0, value: 'x' },
    { topic: 1, key: 'k', value: 'x'.repeat(950) },
  ]);
  expect(() => {
    limits().check(batch);
  }).toThrow(
    expect.objectContaining({
      code: 'RECORD_TOO_LARGE',
      message: 'a record of large has 1041 bytes; max.request.size is 1000',
      cure: expect.stringContaining('max.message.bytes of large') as string,
    }),
  );
});
