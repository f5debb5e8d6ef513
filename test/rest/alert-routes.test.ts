import { readFile } from 'node:fs/promises';
import path from 'node:path';
import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { conditionNotice, testNotice } from '../../src/alert/alert-notice.ts';
import { webhookBody } from '../../src/alert/webhook-channel.ts';
import { alertRoutes } from '../../src/rest/alert-routes.ts';
import { alertCondition, alertEvent, engineBench } from '../support/alert-fixtures.ts';

test('what fires, what was told, mutes and tests; what is wrong is said', async () => {
  const { engine, conditions, channels, source } = engineBench({});
  conditions.push(alertCondition());
  engine.start([source]);
  await engine.look();
  await engine.raise(alertEvent());
  const app = Fastify();
  await app.register(alertRoutes(engine));
  const get = async (url: string): Promise<unknown> => (await app.inject(url)).json();
  const post = async (url: string, payload: object) => {
    const answer = await app.inject({ method: 'POST', url, payload });
    return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
  };
  expect(await get('/alerts')).toMatchObject({ firing: [{ class: 'lag.sink' }], mutes: [] });
  expect(await get('/alerts/history?limit=1')).toHaveLength(1);
  expect(await get('/alerts/history?table=public.orders&severity=warning')).toMatchObject([
    { notice: { class: 'schema.column_widened' } },
  ]);
  expect(await get('/alerts/history?limit=many')).toMatchObject({ code: 'CONFIG_INVALID' });
  expect(await get('/alerts/history?limit=10001')).toMatchObject({
    message: 'limit is a whole number from 1 to 10000',
  });
  expect(await get('/alerts/history?severity=loud')).toMatchObject({ code: 'CONFIG_INVALID' });
  expect(await get('/alerts/history?class=lag.sinks')).toMatchObject({
    message: 'no alert is of the class lag.sinks; did you mean lag.sink?',
  });
  expect(await get('/alerts/history?class=lag.table')).toEqual([]);
  const mute = await post('/alerts/mutes', { pattern: '.*', for: '2h', comment: 'why' });
  expect(mute).toMatchObject({ status: 200, body: { pattern: '.*', comment: 'why', table: null } });
  expect(await get('/alerts')).toMatchObject({ mutes: [mute.body] });
  expect(await post('/alerts/unmute', { id: mute.body['id'] })).toMatchObject({ status: 200 });
  expect(await post('/alerts/test', { channel: 'log' })).toMatchObject({ status: 200 });
  expect(channels.get('log')?.got.at(-1)?.status).toBe('test');
  const refused = await Promise.all([
    post('/alerts/mutes', { pattern: '(', for: '2h' }),
    post('/alerts/mutes', { pattern: '.*', for: 'ever' }),
    post('/alerts/mutes', { for: '2h' }),
    post('/alerts/mutes', { pattern: '.*', for: '9999999d' }),
    post('/alerts/unmute', { id: 'none' }),
    post('/alerts/test', { channel: 'pigeon' }),
  ]);
  expect(refused.map(({ body }) => body['code'])).toEqual(refused.map(() => 'CONFIG_INVALID'));
  // A form of some page in the operator's browser cannot mute anything.
  const form = { 'content-type': 'text/plain' };
  const text = { method: 'POST', url: '/alerts/mutes', headers: form, payload: '{}' } as const;
  expect((await app.inject(text)).statusCode).toBe(400);
  await app.close();
  await engine.stop();
});

test('what channels get is what schemas/alert.schema.json says', async () => {
  const file = path.join(import.meta.dirname, '../../schemas/alert.schema.json');
  const schema = JSON.parse(await readFile(file, 'utf8')) as object;
  const customOptions = { removeAdditional: false, coerceTypes: false } as const;
  const app = Fastify({ ajv: { customOptions } });
  app.post('/', { schema: { body: schema } }, (_request, reply) => reply.send({}));
  const measure = { value: 2, unit: 'count', threshold: 1, bad: 'above' } as const;
  const told = { severity: 'critical', measure, sinceMs: 0, told: 0 } as const;
  const condition = alertCondition();
  const notices = [
    testNotice('oncall', 'shop', 0),
    conditionNotice({ ...told, condition, status: 'firing' }, 'shop', 1),
    conditionNotice({ ...told, condition, status: 'resolved' }, 'shop', 2),
  ];
  const answer = async (payload: object): Promise<number> =>
    (await app.inject({ method: 'POST', url: '/', payload })).statusCode;
  const bodies = notices.map((notice) => JSON.parse(webhookBody(notice)) as object);
  expect(await Promise.all(bodies.map(answer))).toEqual([200, 200, 200]);
  expect(await answer({ ...bodies[0], more: 1 })).toBe(400);
  await app.close();
});
