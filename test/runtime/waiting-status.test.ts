import { expect, test } from 'vitest';
import { renderMetrics } from '../../src/runtime/metrics.ts';
import { healthReasons } from '../../src/runtime/pipeline-status.ts';
import { waitingStatus } from '../../src/runtime/waiting-status.ts';
import { parsedPipeline } from '../support/parsed-pipeline.ts';

test('a start that waits is no healthy pipeline, and says why', async () => {
  const sinks = [{ name: 'lines', 'connector.class': 'file', file: 'out.txt' }];
  const error = { code: 'KAFKA_CONNECT', message: 'no broker answers', cure: 'Start one.' };
  const status = waitingStatus(parsedPipeline({ sinks }), {
    error,
    stalls: [],
    alerts: { firing: [], recent: [], channels: [], totals: [], mutes: [] },
    uptimeMs: 1000,
  });
  expect(status).toMatchObject({ healthy: false, source: { state: 'backing-off', error } });
  expect(status.sinks.map(({ name, state }) => `${name} ${state}`)).toEqual(['lines starting']);
  expect(healthReasons(status).join()).toContain('KAFKA_CONNECT');
  expect(await renderMetrics(status)).toContain('tidemark_');
});
