import { expect, test } from 'vitest';
import {
  metadataTopic,
  transactionReading,
  withTopic,
} from '../../src/runtime/transaction-reading.ts';
import { sinkTopics } from '../../src/runtime/sink-topics.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

type Properties = Record<string, unknown>;

function configured(sink: Properties = {}, source: Properties = {}) {
  const config = parsedPipeline({
    source: { 'provide.transaction.metadata': true, ...source },
    sinks: [
      {
        name: 'dwh',
        'connector.class': 'jdbc',
        'connection.url': 'sqlite:/tmp/a.db',
        'transaction.mode': 'source',
        ...sink,
      },
    ],
  });
  const [first] = config.sinks;
  if (first === undefined) throw new Error('there is a sink');
  return { source: config.source, sink: first.options };
}

test('the topic of metadata is that of the source, whatever it is called, or the one named', () => {
  const topicOf = (sink: Properties, source: Properties = {}): string => {
    const found = configured(sink, source);
    return metadataTopic(found.sink, found.source.options);
  };
  expect(topicOf({})).toBe('shop.transaction');
  expect(topicOf({}, { 'topic.transaction': 'tx', 'topic.delimiter': '_' })).toBe('shop_tx');
  expect(topicOf({ 'transaction.metadata.topic': 'other.transaction' })).toBe('other.transaction');
});

test('a sink reads it beside the topics that it names', () => {
  const topics = (sink: Properties) => {
    const found = configured(sink);
    return sinkTopics(found.sink, found.source.options);
  };
  expect(topics({ topics: 'shop.public.a' })).toEqual(['shop.public.a', 'shop.transaction']);
  const pattern = topics({ 'topics.regex': 'shop\\.public\\..*' });
  const covers = (topic: string): boolean => pattern instanceof RegExp && pattern.test(topic);
  expect(['shop.public.a', 'shop.transaction', 'shop.other.a'].map(covers)).toEqual([
    true,
    true,
    false,
  ]);
  expect(topics({ topics: 'shop.public.a', 'transaction.mode': 'none' })).toEqual([
    'shop.public.a',
  ]);
  expect(withTopic(['a', 'b'], 'a')).toEqual(['a', 'b']);
});

test('there is nothing of it in a sink without the mode', () => {
  const { source, sink } = configured({ 'transaction.mode': 'none' });
  expect(transactionReading(source, sink, {} as never)).toEqual({});
});
