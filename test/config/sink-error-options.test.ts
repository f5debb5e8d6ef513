import { describe, expect, test } from 'vitest';
import type { ConnectorConfig } from '../../src/config/pipeline-config.ts';
import { deadLetterTopicOf, parkModeOf } from '../../src/config/sink-error-options.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

const CONFLUENT = 'io.confluent.connect.jdbc.JdbcSinkConnector';

function sinkOf(properties: Readonly<Record<string, unknown>>): ConnectorConfig {
  const all = { name: 'w', 'connector.class': 'jdbc', 'connection.url': 'postgres://h/d' };
  const { sinks } = parsedPipeline({ sinks: [{ ...all, ...properties }] });
  return sinks[0] as ConnectorConfig;
}

describe('errors.park and the topic of dead letters', () => {
  test.each([
    [{}, 'table', null],
    [{ 'errors.park': 'task' }, 'task', null],
    [{ 'errors.park': 'key' }, 'key', '__tidemark.dlq.w'],
    [{ 'errors.tolerance': 'all' }, 'key', '__tidemark.dlq.w'],
    [{ 'errors.deadletterqueue.topic.name': 'dead' }, 'table', null],
  ])('under our class: %j', (given, mode, topic) => {
    const { options } = sinkOf(given);
    expect(parkModeOf(options, 'tidemark')).toBe(mode);
    expect(deadLetterTopicOf(options, 'w', 'tidemark')).toBe(topic);
  });

  test.each([
    [{}, 'table', null],
    [{ 'errors.tolerance': 'all' }, 'record', null],
    [{ 'errors.tolerance': 'all', 'errors.deadletterqueue.topic.name': 'dead' }, 'record', 'dead'],
    [{ 'errors.park': 'key', 'pk.mode': 'record_key' }, 'key', '__tidemark.dlq.w'],
  ])("under Confluent's: %j", (given, mode, topic) => {
    const { options } = sinkOf({ 'connector.class': CONFLUENT, ...given });
    expect(parkModeOf(options, 'connect')).toBe(mode);
    expect(deadLetterTopicOf(options, 'w', 'connect')).toBe(topic);
    expect(options.boolean('errors.deadletterqueue.context.headers.enable')).toBe(false);
  });
});

test.each([
  [{ 'errors.park': 'record' }, 'say errors.tolerance all'],
  [{ 'errors.park': 'table', 'errors.tolerance': 'all' }, 'use key or record'],
  [{ 'errors.park': 'key', 'pk.mode': 'record_value', 'delete.enabled': false }, 'record_key'],
  [{ topics: 'a,b', 'errors.deadletterqueue.topic.name': 'b' }, 'that the sink itself reads'],
  [{ 'topics.regex': 'd.*', 'errors.deadletterqueue.topic.name': 'dead' }, 'sink itself reads'],
  [{ 'errors.retry.timeout': -2 }, 'errors.retry.timeout'],
])('%j is refused', (given, message) => {
  expect(() => sinkOf(given)).toThrow(message);
});
