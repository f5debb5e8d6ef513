import { expect, test } from 'vitest';
import { deadLetterTopics, sinkErrorsOf } from '../../src/runtime/dead-letter-options.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

function pipelineOf(properties: Readonly<Record<string, unknown>>) {
  const all = { name: 'w', 'connector.class': 'jdbc', 'connection.url': 'postgres://h/d' };
  return parsedPipeline({
    source: { 'value.converter': 'org.apache.kafka.connect.json.JsonConverter' },
    sinks: [
      { ...all, ...properties },
      { name: 'f', 'connector.class': 'file', file: '/a' },
    ],
  });
}

test('with errors.park key the headers are always there: a replay needs them', () => {
  const config = pipelineOf({
    'errors.park': 'key',
    'errors.deadletterqueue.context.headers.enable': false,
    'errors.log.enable': true,
  });
  const [sink, file] = config.sinks.map((one) => sinkErrorsOf(one, config.source.options));
  expect(sink).toMatchObject({
    park: 'key',
    letters: {
      topic: '__tidemark.dlq.w',
      headers: true,
      log: { each: true, places: false },
      classes: { VALUE_CONVERTER: 'org.apache.kafka.connect.json.JsonConverter' },
    },
  });
  expect(file).toBeNull();
  expect(deadLetterTopics(config)).toEqual(['__tidemark.dlq.w']);
});

test('where tables wait nothing becomes a dead letter', () => {
  const config = pipelineOf({ 'errors.retry.timeout': -1 });
  const [sink] = config.sinks.map((one) => sinkErrorsOf(one, config.source.options));
  expect(sink).toEqual({ park: 'table', letters: null, retryTimeoutMs: -1 });
  expect(deadLetterTopics(config)).toEqual([]);
});
