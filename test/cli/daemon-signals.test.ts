import { expect, test } from 'vitest';
import { DaemonSignals } from '../../src/cli/daemon-signals.ts';
import type { PipelineConfig } from '../../src/config/pipeline-config.ts';
import { TidemarkError, toTidemarkError } from '../../src/foundation/errors.ts';
import type { SourceSignal } from '../../src/model/source-signal.ts';
import { startHttpServer } from '../../src/rest/http-server.ts';
import { notificationRoutes } from '../../src/rest/notification-routes.ts';
import { signalRoutes } from '../../src/rest/signal-routes.ts';
import { pipelineStatus } from '../support/pipeline-statuses.ts';

const { signal } = new AbortController();

test('signals go to the daemon of that name, with its token', async () => {
  const got: SourceSignal[] = [];
  const receiver = {
    signal: (one: SourceSignal) => void got.push(one),
    sendSignal: () => Promise.resolve(),
  };
  const told = {
    id: 'a',
    type: 'REJECTED',
    aggregateType: 'Signal',
    additionalData: { reason: 'no' },
    timestampMs: 1,
  };
  const status = pipelineStatus();
  await using server = await startHttpServer(
    { host: '127.0.0.1', port: 0, token: 'secret' },
    { status: () => status },
    [signalRoutes(receiver), notificationRoutes({ notifications: () => [told] })],
  );
  const { hostname: host, port } = new URL(server.url);
  const http = { listen: { host, port: Number(port) }, token: 'secret' };
  const config = { name: status.name, http } as unknown as PipelineConfig;
  const daemon = await DaemonSignals.open(config, signal);
  await daemon.send({ id: 'a', type: 'repair-rows', data: '{"keys":[]}' }, signal);
  expect(got).toEqual([{ id: 'a', type: 'repair-rows', data: '{"keys":[]}' }]);
  expect(await daemon.answers(signal)).toEqual([
    { id: 'a', type: 'REJECTED', data: { reason: 'no' } },
  ]);
  const refusal = async (other: Partial<PipelineConfig>): Promise<string> => {
    const thrown = await DaemonSignals.open({ ...config, ...other }, signal).catch(toTidemarkError);
    return thrown instanceof TidemarkError ? `${thrown.code} ${thrown.message} ${thrown.cure}` : '';
  };
  expect(await refusal({ name: 'other' })).toContain(`answers ${status.name}, not other`);
  expect(await refusal({ http: { ...http, token: 'wrong' } })).toContain('NOT_RUNNING');
  const closed = { listen: null, token: undefined };
  expect(await refusal({ http: closed })).toContain('Set http.listen');
});
