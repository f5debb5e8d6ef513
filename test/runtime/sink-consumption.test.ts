import { expect, test } from 'vitest';
import { sinkConsumption } from '../../src/runtime/sink-consumption.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

const KAFKA = {
  type: 'kafka',
  'bootstrap.servers': 'localhost:9092',
  'consumer.auto.offset.reset': 'latest',
};

function consumptionOf(
  transport: Readonly<Record<string, unknown>>,
  properties: Readonly<Record<string, unknown>> = {},
) {
  const copy = { name: 'copy', 'connector.class': 'jdbc', 'connection.url': 'postgres://h/copy' };
  const config = parsedPipeline({ transport, sinks: [{ ...copy, ...properties }] });
  const [sink] = config.sinks;
  return sink === undefined ? null : sinkConsumption(config, sink);
}

test('on the embedded log a sink is alone and begins at the beginning', () => {
  expect(consumptionOf({ type: 'embedded' })).toEqual({
    group: 'connect-copy',
    startAt: 'earliest',
    fencedGraceMs: 0,
  });
});

test('on Kafka the worker and the sink say where it begins, and as which group', () => {
  expect(consumptionOf(KAFKA)).toMatchObject({ group: 'connect-copy', startAt: 'latest' });
  const own = {
    'consumer.override.group.id': 'g',
    'consumer.override.auto.offset.reset': 'earliest',
  };
  expect(consumptionOf(KAFKA, own)).toMatchObject({ group: 'g', startAt: 'earliest' });
});
