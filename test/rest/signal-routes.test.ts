import { expect, test } from 'vitest';
import { TidemarkError } from '../../src/foundation/errors.ts';
import type { SourceSignal } from '../../src/model/source-signal.ts';
import { startHttpServer } from '../../src/rest/http-server.ts';
import { signalRoutes } from '../../src/rest/signal-routes.ts';
import { pipelineStatus } from '../support/pipeline-statuses.ts';

test('a signal reaches the source as JSON, and nothing else does', async () => {
  const got: SourceSignal[] = [];
  const inTopic: string[] = [];
  let running = true;
  const receiver = {
    signal(signal: SourceSignal): void {
      if (!running) throw new TidemarkError('NOT_RUNNING', 'the source does not run now');
      got.push(signal);
    },
    sendSignal(signal: SourceSignal): Promise<void> {
      if (signal.type === 'off') {
        return Promise.reject(new TidemarkError('CONFIG_INVALID', 'the channel is off'));
      }
      inTopic.push(signal.id);
      return Promise.resolve();
    },
  };
  const address = { host: '127.0.0.1', port: 0, token: undefined };
  const status = { status: () => pipelineStatus() };
  await using server = await startHttpServer(address, status, [signalRoutes(receiver)]);
  const post = async (body: unknown, type = 'application/json'): Promise<Response> =>
    fetch(`${server.url}/signals`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const sent = await post({ id: 'a', type: 'execute-snapshot', data: { type: 'blocking' } });
  expect([sent.status, await sent.json()]).toEqual([202, { id: 'a' }]);
  expect((await post({ type: 'pause-snapshot' })).status).toBe(202);
  expect((await post({ type: 'log', data: '{"message":"m"}' })).status).toBe(202);
  expect(got.map(({ type, data }) => [type, data])).toEqual([
    ['execute-snapshot', '{"type":"blocking"}'],
    ['pause-snapshot', null],
    ['log', '{"message":"m"}'],
  ]);
  expect(got[1]?.id).toMatch(/^[0-9a-f-]{36}$/);
  expect((await post({ type: 1 })).status).toBe(400);
  expect((await post({ type: 'log', data: '{bad' })).status).toBe(400);
  expect((await post({ type: 'log', data: [] })).status).toBe(400);
  expect((await post('{"type":"log"}', 'text/plain')).status).toBe(400);
  const byTopic = { id: 't', type: 'log', channel: 'kafka' };
  expect((await post(byTopic)).status).toBe(202);
  expect((await post({ ...byTopic, type: 'off' })).status).toBe(400);
  expect((await post({ ...byTopic, channel: 'sqs' })).status).toBe(400);
  expect(inTopic).toEqual(['t']);
  running = false;
  expect((await post({ type: 'log' })).status).toBeGreaterThanOrEqual(400);
  expect(got).toHaveLength(3);
});
