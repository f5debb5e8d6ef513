import { once } from 'node:events';
import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { TidemarkError } from '../../src/foundation/errors.ts';
import type { Verifier } from '../../src/rest/verify-routes.ts';
import { verifyRoutes } from '../../src/rest/verify-routes.ts';

async function post(verifier: Verifier, payload = '{"sink":"a"}', type = 'application/json') {
  const server = Fastify();
  await server.register(verifyRoutes(verifier));
  const headers = { 'content-type': type };
  return server.inject({ method: 'POST', url: '/verify', payload, headers });
}

test('the answer comes line by line; what is wrong before it is told as everywhere', async () => {
  const asked: unknown[] = [];
  const verifier: Verifier = {
    begin(body) {
      asked.push(body);
      return (tell) => {
        tell({ progress: 1 });
        tell({ tables: [] });
        return Promise.resolve();
      };
    },
  };
  const answer = await post(verifier);
  expect([answer.statusCode, answer.body]).toEqual([200, '{"progress":1}\n{"tables":[]}\n']);
  expect(asked).toEqual([{ sink: 'a' }]);
  expect((await post(verifier, '{}', 'text/plain')).statusCode).toBe(400);
  const busy: Verifier = {
    begin() {
      throw new TidemarkError('VERIFY_BUSY', 'for somebody else');
    },
  };
  const refused = await post(busy);
  expect([refused.statusCode, refused.json()]).toMatchObject([409, { code: 'VERIFY_BUSY' }]);
});

test('whoever goes away ends it', async () => {
  const ended = Promise.withResolvers<void>();
  const server = Fastify();
  await server.register(
    verifyRoutes({
      begin: () => async (tell, gone) => {
        tell({ alive: true });
        await once(gone, 'abort');
        tell({ errors: [] });
        ended.resolve();
      },
    }),
  );
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  const leaving = new AbortController();
  const headers = { 'content-type': 'application/json' };
  const asked = { method: 'POST', headers, body: '{}', signal: leaving.signal };
  const response = await fetch(`${url}/verify`, asked);
  expect(response.status).toBe(200);
  leaving.abort();
  await ended.promise;
  await server.close();
});
