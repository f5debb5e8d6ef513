import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { TidemarkError } from '../../src/foundation/errors.ts';
import { schemaRoutes } from '../../src/rest/schema-routes.ts';

async function app() {
  const answers: (readonly [string, string])[] = [];
  const server = Fastify();
  await server.register(
    schemaRoutes({
      views: () => [{ id: '1f2e', table: 'public.t' }],
      answer: (what, answer) => {
        if (what !== 'public.t') {
          return Promise.reject(new TidemarkError('HOLD_UNKNOWN', `no ${what}`));
        }
        answers.push([what, answer]);
        return Promise.resolve({ table: what });
      },
    }),
  );
  const post = (url: string, type = 'application/json') =>
    server.inject({ method: 'POST', url, payload: '{}', headers: { 'content-type': type } });
  return { server, post, answers };
}

test('what waits is listed, and answered by id or table', async () => {
  const { server, post, answers } = await app();
  const listed = await server.inject({ url: '/schema/held' });
  expect(listed.json()).toEqual([{ id: '1f2e', table: 'public.t' }]);
  const approved = await post('/schema/held/public.t/approve');
  expect([approved.statusCode, approved.json()]).toEqual([200, { table: 'public.t' }]);
  await post(`/schema/held/${encodeURIComponent('public.t')}/reject`);
  expect(answers).toEqual([
    ['public.t', 'approve'],
    ['public.t', 'reject'],
  ]);
});

test('what does not wait is told as such; a form of another site changes nothing', async () => {
  const { post, answers } = await app();
  const unknown = await post('/schema/held/9999/approve');
  expect([unknown.statusCode, unknown.json()]).toMatchObject([404, { code: 'HOLD_UNKNOWN' }]);
  const form = await post('/schema/held/public.t/approve', 'text/plain');
  expect(form.statusCode).toBe(400);
  expect(answers).toEqual([]);
});

test('a pipeline without tables has no such routes', async () => {
  const server = Fastify();
  await server.register(schemaRoutes(null));
  expect((await server.inject({ url: '/schema/held' })).statusCode).toBe(404);
});
