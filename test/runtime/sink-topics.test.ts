import { describe, expect, test } from 'vitest';
import type { ConnectorConfig } from '../../src/config/pipeline-config.ts';
import { deadLetterTopics } from '../../src/runtime/dead-letter-options.ts';
import { sinkTopics, topicsOf } from '../../src/runtime/sink-topics.ts';
import { shopPipeline } from '../support/parsed-pipeline.ts';

describe('topics of a sink', () => {
  const topics = (sink: Readonly<Record<string, unknown>>) => {
    const [config] = shopPipeline('/', { sink }).sinks;
    if (config === undefined) throw new Error('no sink');
    return topicsOf(config.options, 'shop.eu');
  };

  test('all of the source, and nothing that only looks like it', () => {
    const pattern = topics({}) as RegExp;
    expect(pattern.test('shop.eu.public.orders')).toBe(true);
    expect(pattern.test('shopXeu.public.orders')).toBe(false);
    expect(pattern.test('other.shop.eu.public.orders')).toBe(false);
  });

  test('all but heartbeats and signals where the source renames its topics', () => {
    const source = {
      'topic.naming.strategy': 'regex',
      'topic.regex': '.*',
      'topic.replacement': 'all',
    };
    const { sinks, source: from } = shopPipeline('/', { source });
    const pattern = sinkTopics((sinks[0] as ConnectorConfig).options, from.options) as RegExp;
    const topics = [
      'all',
      'shop.eu.public.orders',
      '__debezium-heartbeat.shop.eu',
      'shop.eu-signal',
    ];
    expect(topics.filter((topic) => pattern.test(topic))).toEqual(topics.slice(0, 2));
  });

  test.each(['table', 'regex'])('no schema history, wherever it is kept (%s)', (strategy) => {
    const source = {
      'connector.class': 'mysql',
      'database.dbname': undefined,
      'topic.naming.strategy': strategy,
      ...(strategy === 'regex' ? { 'topic.regex': '.*', 'topic.replacement': 'all' } : {}),
      'schema.history.internal.kafka.topic': 'shop.eu.history',
    };
    const { sinks, source: from } = shopPipeline('/', { source });
    const pattern = sinkTopics((sinks[0] as ConnectorConfig).options, from.options) as RegExp;
    const topics = ['shop.eu.db.orders', 'shop.eu.history', 'shop.eu'];
    expect(topics.filter((topic) => pattern.test(topic))).toEqual(topics.slice(0, 1));
  });

  test('names, or a pattern over the whole name', () => {
    expect(topics({ topics: 'a, b' })).toEqual(['a', 'b']);
    const pattern = topics({ 'topics.regex': 'shop\\.a' }) as RegExp;
    expect([pattern.test('shop.a'), pattern.test('shop.ab')]).toEqual([true, false]);
  });

  test('no dead letters of any sink, whatever their topic is called', () => {
    const letters = { 'errors.deadletterqueue.topic.name': 'shop.eu.dead', 'errors.park': 'key' };
    const config = shopPipeline('/', { sink: letters });
    const [sink] = config.sinks as readonly [ConnectorConfig];
    const pattern = sinkTopics(sink.options, config.source.options, deadLetterTopics(config));
    const names = ['shop.eu.public.orders', 'shop.eu.dead'];
    expect(names.filter((name) => (pattern as RegExp).test(name))).toEqual(names.slice(0, 1));
  });
});
