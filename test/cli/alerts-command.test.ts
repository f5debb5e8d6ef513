import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { alertRoutes } from '../../src/rest/alert-routes.ts';
import { alertCondition, alertEvent, engineBench } from '../support/alert-fixtures.ts';
import { runInProcess } from '../support/cli-in-process.ts';
import { pipelineFolder } from '../support/pipeline-text.ts';
import { startScriptedHttp } from '../support/scripted-http.ts';

test('list, history, mute, unmute and test ask the daemon of the file', async () => {
  const { engine, conditions, source } = engineBench({});
  conditions.push(alertCondition());
  engine.start([source]);
  await engine.look();
  await engine.raise(alertEvent());
  const app = Fastify({ forceCloseConnections: true });
  await app.register(alertRoutes(engine));
  app.get('/status', () => ({ name: 'shop' }));
  app.get('/status/tables', () => [{ table: 'public.orders' }]);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  await using folder = await pipelineFolder({
    name: 'shop',
    source: { 'connector.class': 'file', file: 'in.txt', topic: 't' },
    http: { listen: url.replace('http://', '') },
  });
  const alerts = (name: string, ...more: string[]) =>
    runInProcess(['alerts', name, folder.file, ...more]);
  const mute = await alerts('mute', 'lag.*', '--for', '2h', '--json');
  const { id } = JSON.parse(mute.stdout) as { id: string };
  expect(mute.stderr).toBe('');
  const idle = await alerts('mute', 'lag.sinks', '--table', 'public.order', '--for', '2h');
  expect(idle.stderr).toContain('lag.sinks fits no class, sink, table or alert known now');
  expect(idle.stderr).toContain('public.order fits no table known now');
  // Two at once are two.
  const both = await Promise.all(
    ['task.*', 'public.orders'].map((pattern) => alerts('mute', pattern, '--for', '3h')),
  );
  expect(both.map(({ code, stderr }) => [code, stderr])).toEqual([
    [0, ''],
    [0, ''],
  ]);
  expect(engine.view().mutes).toHaveLength(4);
  const list = await alerts('list');
  expect(list.stdout).toContain('warning sink warehouse is behind the log');
  expect(list.stdout).toContain('next: tidemark status shop.yaml');
  expect(list.stdout).toContain(`mute ${id}: lag.* until 20`);
  const history = await alerts('history', '--class', 'schema.column_widened');
  expect(history.stdout).toContain('orders.amount is bigint now (was integer)');
  expect(history.stdout).not.toContain('warehouse');
  expect((await alerts('unmute', id)).stdout).toBe(`mute ${id} has ended\n`);
  expect((await alerts('test', 'log')).stdout).toContain('the channel log has taken the test');
  expect((await alerts('test', '--json')).stdout).toBe('{"channels":["log"]}\n');
  const wrong = await alerts('test', 'pigeon');
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('no channel pigeon')]);
  await app.close();
  await engine.stop();
  const away = await alerts('list');
  expect([away.code, away.stderr]).toEqual([3, expect.stringContaining('no daemon answers')]);
});

test('each channel has its turn, also behind one that does not take the test', async () => {
  const hook = { type: 'webhook', url: 'http://localhost/x' };
  const { engine, channels } = engineBench([hook, { ...hook, name: 'other' }]);
  const dead = channels.get('webhook');
  if (dead !== undefined) dead.trouble = 'it is down';
  const app = Fastify({ forceCloseConnections: true });
  await app.register(alertRoutes(engine));
  app.get('/status', () => ({ name: 'shop' }));
  app.get('/status/tables', () => [{ table: 'public.orders' }]);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  await using folder = await pipelineFolder({
    name: 'shop',
    source: { 'connector.class': 'file', file: 'in.txt', topic: 't' },
    http: { listen: url.replace('http://', '') },
  });
  const { code, stdout, stderr } = await runInProcess(['alerts', 'test', folder.file]);
  expect([code, stdout]).toEqual([
    3,
    'the channel log has taken the test\nthe channel other has taken the test\n',
  ]);
  expect(stderr).toContain('ALERT_CHANNEL  the channel webhook does not take it');
  expect(stderr).toContain('it is down');
  expect(channels.get('other')?.got).toMatchObject([{ status: 'test' }]);
  await app.close();
});

test("another pipeline's daemon is asked for nothing", async () => {
  const asked: string[] = [];
  await using other = await startScriptedHttp((request, response) => {
    asked.push(request.path);
    response.end(JSON.stringify({ name: 'billing' }));
  });
  await using folder = await pipelineFolder({
    name: 'shop',
    source: { 'connector.class': 'file', file: 'in.txt', topic: 't' },
    http: { listen: other.origin.replace('http://', '') },
  });
  const { code, stderr } = await runInProcess(['alerts', 'mute', folder.file, '.*', '--for', '1h']);
  expect([code, stderr]).toEqual([3, expect.stringContaining('answers billing, not shop')]);
  expect(asked).toEqual(['/status']);
});

test('what answers may be no daemon', async () => {
  await using other = await startScriptedHttp((_request, response) => {
    response.end('<html>');
  });
  await using folder = await pipelineFolder({
    name: 'shop',
    source: { 'connector.class': 'file', file: 'in.txt', topic: 't' },
    http: { listen: other.origin.replace('http://', '') },
  });
  const { code, stderr } = await runInProcess(['alerts', 'list', folder.file]);
  expect([code, stderr]).toEqual([3, expect.stringContaining('is no daemon of ours (HTTP 200)')]);
});
