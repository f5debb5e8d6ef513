import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { startHttpServer } from '../../src/rest/http-server.ts';
import type { MetricTags } from '../../src/runtime/metrics.ts';
import type { PipelineStatus } from '../../src/runtime/pipeline-status.ts';
import { pipelineStatus, RUNNING_SINK } from '../support/pipeline-statuses.ts';

async function serve(
  options: { token?: string; status?: () => PipelineStatus; metricTags?: MetricTags } = {},
) {
  const { token, status = () => pipelineStatus(), metricTags = {} } = options;
  return await startHttpServer({ host: '127.0.0.1', port: 0, token }, { status, metricTags }, []);
}

test('health is 200 or 503, and names each task', async () => {
  let status = pipelineStatus();
  await using server = await serve({ status: () => status });
  const well = await fetch(`${server.url}/health`);
  expect(well.status).toBe(200);
  expect(await well.json()).toEqual({
    healthy: true,
    source: 'running',
    sinks: { warehouse: 'running' },
    reasons: [],
  });
  const error = { code: 'SINK_AUTH', message: 'host and user', cure: '' };
  status = pipelineStatus({ healthy: false, sinks: [{ ...RUNNING_SINK, state: 'failed', error }] });
  const ill = await fetch(`${server.url}/health`);
  expect(ill.status).toBe(503);
  expect(await ill.json()).toMatchObject({
    healthy: false,
    sinks: { warehouse: 'failed' },
    reasons: [expect.stringMatching(/^sink warehouse: SINK_AUTH: (?!host)/)],
  });
});

test('status is the status, metrics are for Prometheus', async () => {
  await using server = await serve({ metricTags: { team: 'shop' } });
  expect(await (await fetch(`${server.url}/status`)).json()).toEqual(pipelineStatus());
  const metrics = await fetch(`${server.url}/metrics`);
  expect(metrics.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(await metrics.text()).toMatch(/^tidemark_healthy\{.*,team="shop"\} 1$/m);
});

test('with a token everything but health wants it', async () => {
  await using server = await serve({ token: 'secret' });
  const ask = async (path: string, header?: string): Promise<number> => {
    const headers = header === undefined ? {} : { authorization: header };
    return (await fetch(`${server.url}${path}`, { headers })).status;
  };
  expect(await ask('/health')).toBe(200);
  expect(await ask('/status')).toBe(401);
  expect(await ask('/metrics', 'Bearer wrong')).toBe(401);
  expect(await ask('/health?x=/status', 'Bearer wrong')).toBe(401);
  expect(await ask('/status', 'Bearer secret')).toBe(200);
});

test('a metric that cannot be read answers with the code of the error', async () => {
  let calls = 0;
  await using server = await serve({
    status: () => {
      calls++;
      throw new TypeError('broken');
    },
  });
  const answer = await fetch(`${server.url}/metrics`);
  expect(answer.status).toBe(500);
  expect(await answer.json()).toMatchObject({ code: 'INTERNAL', message: 'broken' });
  expect(calls).toBe(1);
});

test('an address in use is told by its code', async () => {
  const other = createServer();
  const port = await new Promise<number>((resolve) => {
    other.listen(0, '127.0.0.1', () => {
      const address = other.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  const taken = { host: '127.0.0.1', port, token: undefined };
  await expect(startHttpServer(taken, { status: pipelineStatus }, [])).rejects.toMatchObject({
    code: 'HTTP_LISTEN',
    message: `cannot listen on 127.0.0.1:${port}: the port is in use`,
  });
  await new Promise((resolve) => other.close(resolve));
});
