import { describe, expect, test } from 'vitest';
import type { PipelineConfig } from '../../src/config/pipeline-config.ts';
import {
  sourceLetterProblems,
  sourceLetterTopicOf,
  toleratesErrors,
} from '../../src/config/source-error-options.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

const JAVA = 'io.debezium.connector.postgresql.PostgresConnector';
const TOPIC = 'errors.deadletterqueue.topic.name';

const SINK = { name: 'w', 'connector.class': 'jdbc', 'connection.url': 'postgres://h/d' };

function withSource(
  source: Readonly<Record<string, unknown>>,
  ...sinks: readonly Readonly<Record<string, unknown>>[]
): PipelineConfig {
  return parsedPipeline({ source, sinks: sinks.map((sink) => ({ ...SINK, ...sink })) });
}

describe('the topic of dead letters of a source', () => {
  test.each([
    [{}, null],
    [{ 'errors.tolerance': 'all' }, '__tidemark.dlq.p.source'],
    [{ 'errors.tolerance': 'all', [TOPIC]: 'dead' }, 'dead'],
    [{ 'errors.tolerance': 'all', 'connector.class': JAVA }, null],
    [{ 'errors.tolerance': 'all', 'connector.class': JAVA, [TOPIC]: 'dead' }, 'dead'],
  ])('%j: %s', (given, topic) => {
    const { options, flavour } = withSource(given).source;
    const defaults = flavour === 'tidemark' ? 'tidemark' : 'connect';
    expect(sourceLetterTopicOf(options, 'p', defaults)).toBe(topic);
    expect(toleratesErrors(options)).toBe('errors.tolerance' in given);
  });
});

test.each([
  [{ [TOPIC]: 'dead' }, 'set errors.tolerance to all'],
  [
    { 'errors.tolerance': 'all', 'errors.deadletterqueue.context.headers.enable': false },
    'nothing else says',
  ],
  [{ 'errors.tolerance': 'some' }, 'errors.tolerance'],
])('%j is refused', (given, message) => {
  expect(() => withSource(given)).toThrow(message);
});

test('a sink that would read them, or waits for every record, is refused', () => {
  const source = { 'errors.tolerance': 'all', [TOPIC]: 'shop.dead' };
  expect(() => withSource(source, { 'topics.regex': 'shop\\..*' })).toThrow('sink w reads');
  expect(() => withSource(source, { topics: 'a,shop.dead' })).toThrow('sink w reads shop.dead');
  const { options } = withSource(source, {}).source;
  expect(sourceLetterProblems(options, [])).toEqual([]);
  const whole = { 'provide.transaction.metadata': true, 'errors.tolerance': 'all' };
  expect(() => withSource(whole, { 'transaction.mode': 'source' })).toThrow(
    'waits for all records of a transaction',
  );
});
