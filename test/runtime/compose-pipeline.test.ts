import { expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { noFaults } from '../../src/foundation/fault-points.ts';
import { composePipeline } from '../../src/runtime/compose-pipeline.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import { retryOptionsOf } from '../../src/runtime/restart-policy.ts';
import { shopPipeline } from '../support/parsed-pipeline.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test("a connector's own retries win over the section runtime, each for itself", () => {
  const { source, sinks, runtime } = shopPipeline('/', {
    source: { 'errors.max.retries': 3 },
    sink: { 'errors.retry.delay.max.ms': 700, 'errors.retry.delay.initial.ms': 70 },
    runtime: { 'errors.max.retries': 9 },
  });
  expect(retryOptionsOf(runtime, source)).toEqual({
    maxRetries: 3,
    initialDelayMs: 300,
    maxDelayMs: 10_000,
  });
  expect(sinks.map((sink) => retryOptionsOf(runtime, sink))).toEqual([
    { maxRetries: 9, initialDelayMs: 70, maxDelayMs: 700 },
  ]);
});

test.each([
  ['jdbc', 'max.retries', 'retry.backoff.ms'],
  ['io.debezium.connector.jdbc.JdbcSinkConnector', 'flush.max.retries', 'flush.retry.delay.ms'],
])('%s: retries by the names of the JDBC sinks', (name, retries, backoff) => {
  const runtime = { 'errors.max.retries': 9 };
  const retryOf = (sink: Record<string, unknown>): unknown => {
    const own = { 'connector.class': name, ...sink };
    const config = shopPipeline('/', { sink: own, runtime });
    return config.sinks.map((one) => retryOptionsOf(config.runtime, one))[0];
  };
  expect(retryOf({})).toEqual({ maxRetries: 9, initialDelayMs: 300, maxDelayMs: 10_000 });
  const given = { [retries]: 4, [backoff]: 20 };
  expect(retryOf(given)).toEqual({ maxRetries: 4, initialDelayMs: 20, maxDelayMs: 20 });
  const ours = { 'errors.max.retries': -1, 'errors.retry.delay.max.ms': 70 };
  expect(retryOf({ ...given, ...ours })).toEqual({
    maxRetries: -1,
    initialDelayMs: 20,
    maxDelayMs: 70,
  });
});

test.each(['opensearch', 'io.confluent.connect.elasticsearch.ElasticsearchSinkConnector'])(
  '%s: retries of bulks are not those of the task',
  (name) => {
    const sink = { 'connector.class': name, 'connection.url': 'http://search:9200' };
    const own = { ...sink, 'max.retries': 4, 'retry.backoff.ms': 20 };
    const config = shopPipeline('/', { sink: own, runtime: { 'errors.max.retries': -1 } });
    expect(config.sinks.map((one) => retryOptionsOf(config.runtime, one))).toEqual([
      { maxRetries: -1, initialDelayMs: 300, maxDelayMs: 10_000 },
    ]);
  },
);

test('opens the store, starts nothing, and gives the store back', async () => {
  await using folder = await temporaryFolder('compose');
  const config = shopPipeline(folder.path, { source: { 'custom.metric.tags': 'team=shop' } });
  const dependencies = { clock: systemClock, logger: silentLogger(), fault: noFaults };
  const { pipeline, registry } = await composePipeline(config, dependencies);
  expect(pipeline.status()).toMatchObject({
    name: 'shop',
    source: { state: 'starting', phase: 'starting', connected: false },
    sinks: [{ name: 'w', state: 'starting', connected: false }],
  });
  expect(pipeline.metricTags).toEqual({ team: 'shop' });
  expect(() => pipeline.finished).toThrow('the pipeline was not started');
  expect(registry.subjects()).toEqual([]);
  await expect(composePipeline(config, dependencies)).rejects.toMatchObject({
    code: 'STORE_LOCKED',
  });
  await pipeline.stop();
  const again = await composePipeline(config, dependencies);
  await again.pipeline.stop();
});
