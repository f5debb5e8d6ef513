import { expect, test } from 'vitest';
import { askDaemon } from '../../src/cli/daemon-request.ts';
import { startHttpServer } from '../../src/rest/http-server.ts';
import { signalRoutes } from '../../src/rest/signal-routes.ts';
import { pipelineStatus } from '../support/pipeline-statuses.ts';

const { signal } = new AbortController();

test('a daemon says itself why it does not follow, and nobody is nobody', async () => {
  const receiver = { signal: () => undefined, sendSignal: () => Promise.resolve() };
  const address = { host: '127.0.0.1', port: 0, token: undefined };
  const server = await startHttpServer(address, { status: () => pipelineStatus() }, [
    signalRoutes(receiver),
  ]);
  const at = { url: server.url, token: undefined };
  await expect(askDaemon(at, '/signals', signal, { type: 5 })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
  await server[Symbol.asyncDispose]();
  await expect(askDaemon(at, '/status', signal)).rejects.toMatchObject({ code: 'NOT_RUNNING' });
});
