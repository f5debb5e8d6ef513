import { expect, test } from 'vitest';
import type { CompactedTopic } from '../../../src/transport/kafka/compacted-topic.ts';
import { KafkaDocuments } from '../../../src/transport/kafka/kafka-documents.ts';

test('collections and owners are kept apart, also where one name begins another', async () => {
  const values = new Map<string, string>([['["generation","t"]', '{}']]);
  const state: Pick<CompactedTopic, 'get' | 'entries'> = {
    get: (key) => values.get(key) ?? null,
    entries: () => values.entries(),
  };
  const send: ConstructorParameters<typeof KafkaDocuments>[2] = (texts) => {
    for (const { key, value } of texts) {
      if (value === null) values.delete(key);
      else values.set(key, value);
    }
    return Promise.resolve();
  };
  const documents = new KafkaDocuments(state as CompactedTopic, 'shop', send);
  const others = new KafkaDocuments(state as CompactedTopic, 'shop2', send);
  await others.write([{ collection: 'a', key: 'b', value: 'theirs' }]);
  await documents.write([
    { collection: 'a', key: 'z"', value: '1' },
    { collection: 'a', key: 'b', value: '2' },
    { collection: 'ab', key: 'b', value: '3' },
  ]);
  expect(documents.get('a', 'z"')).toBe('1');
  expect(documents.entries('a')).toEqual([
    { key: 'b', value: '2' },
    { key: 'z"', value: '1' },
  ]);
  await documents.write([{ collection: 'a', key: 'b', value: null }]);
  expect(others.entries('a')).toEqual([{ key: 'b', value: 'theirs' }]);
  expect(documents.entries('a').map(({ key }) => key)).toEqual(['z"']);
});
