import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { BearerTokens } from '../../../../src/transport/kafka/security/bearer-token.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { pem } from '../../../support/tls-server.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const SECRETS = ['client-secret-1', 'query-secret'];

/** An identity provider on loopback; `options` with a certificate make it one of TLS. */
async function provider(answer: Answer, options: { readonly tls?: boolean } = {}) {
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    void text(request).then((body) => {
      answer(request, response, body);
    });
  };
  const server =
    options.tls === true
      ? createTlsServer({ key: pem('server.key'), cert: pem('server.pem') }, handle)
      : createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const scheme = options.tls === true ? 'https' : 'http';
  return {
    url: `${scheme}://localhost:${port}/token?key=query-secret`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function tokens(url: string, clock: FakeClock, authorities?: string): BearerTokens {
  return new BearerTokens(
    { kind: 'endpoint', url, clientId: 'cdc', clientSecret: 'client-secret-1', scope: 'kafka' },
    { clock, timeoutMs: 5000, authorities: () => authorities },
  );
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function jwt(exp: number): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  return `${encode({ alg: 'none' })}.${encode({ sub: 'a', exp })}.x`;
}

describe('client credentials', () => {
  test('are sent as RFC 6749 says; the token serves until four fifths of its life', async () => {
    const asked: string[] = [];
    await using idp = await provider((request, response, body) => {
      asked.push(`${request.method} ${request.headers.authorization} ${body}`);
      json(response, 200, { access_token: `t${asked.length}`, expires_in: 100 });
    });
    const clock = new FakeClock();
    const source = tokens(idp.url, clock);
    expect(await Promise.all([source.token(), source.token()])).toEqual(['t1', 't1']);
    const login = Buffer.from('cdc:client-secret-1').toString('base64');
    expect(asked).toEqual([`POST Basic ${login} grant_type=client_credentials&scope=kafka`]);
    clock.advance(79_000);
    expect(await source.token()).toBe('t1');
    clock.advance(2000);
    expect(await source.token()).toBe('t2');
  });

  test('without expires_in the token itself says how long it lives', async () => {
    const clock = new FakeClock();
    let count = 0;
    await using idp = await provider((_request, response) => {
      count++;
      json(response, 200, { access_token: jwt(clock.nowMs() / 1000 + 10) });
    });
    const source = tokens(idp.url, clock);
    await source.token();
    clock.advance(7000);
    await source.token();
    expect(count).toBe(1);
    clock.advance(2000);
    await source.token();
    expect(count).toBe(2);
  });

  test('after a failure the next one asks again', async () => {
    let status = 503;
    await using idp = await provider((_request, response) => {
      json(response, status, { access_token: 'late', expires_in: 9 });
    });
    const source = tokens(idp.url, new FakeClock());
    await expect(source.token()).rejects.toMatchObject({ code: 'KAFKA_CONNECT', retry: 'backoff' });
    status = 200;
    expect(await source.token()).toBe('late');
  });

  test.each<[Answer, string, RegExp]>([
    [
      (_, response, body) => {
        json(response, 401, { error: 'invalid_client', error_description: body });
      },
      'KAFKA_AUTH',
      /\/token refused the client cdc: 401 invalid_client$/,
    ],
    [(_, response) => response.writeHead(302).end(), 'KAFKA_AUTH', /refused the client cdc: 302$/],
    [(_, response) => response.end('<html>'), 'KAFKA_AUTH', /answered without access_token$/],
    [(_, response) => json(response, 429, {}), 'KAFKA_CONNECT', /answered 429$/],
    [(request) => request.socket.destroy(), 'KAFKA_CONNECT', /cannot be asked: socket hang up$/],
    [
      (_, response) => response.end(Buffer.alloc(2 * 1024 * 1024)),
      'KAFKA_CONNECT',
      /the answer is larger than 1 MB$/,
    ],
  ])('a failure is told without secrets %#', async (answer, code, message) => {
    await using idp = await provider(answer);
    const error: unknown = await tokens(idp.url, new FakeClock())
      .token()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
    for (const secret of SECRETS) expect(JSON.stringify(error)).not.toContain(secret);
  });

  test('silence ends with the timeout', async () => {
    const clock = new FakeClock();
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    await using idp = await provider(() => {
      resolve();
    });
    const failed = tokens(idp.url, clock)
      .token()
      .catch((thrown: unknown) => thrown);
    await asked;
    clock.advance(5000);
    expect(await failed).toMatchObject({
      code: 'KAFKA_CONNECT',
      message: expect.stringContaining('no answer within 5000 ms') as string,
    });
  });

  test('over TLS the authorities of ssl.truststore count besides those of everybody', async () => {
    await using idp = await provider(
      (_request, response) => {
        json(response, 200, { access_token: 'over-tls', expires_in: 9 });
      },
      { tls: true },
    );
    expect(await tokens(idp.url, new FakeClock(), pem('ca.pem')).token()).toBe('over-tls');
    for (const authority of [undefined, pem('other-ca.pem')]) {
      await expect(tokens(idp.url, new FakeClock(), authority).token()).rejects.toMatchObject({
        code: 'KAFKA_AUTH',
        cure: expect.stringContaining('ssl.truststore.location') as string,
      });
    }
  });
});

test('a file is read for each login; what has run out is refused', async () => {
  await using folder = await temporaryFolder('token');
  const file = path.join(folder.path, 'token');
  const clock = new FakeClock();
  const options = { clock, timeoutMs: 1000, authorities: () => undefined };
  const source = new BearerTokens({ kind: 'file', path: file }, options);
  await expect(source.token()).rejects.toMatchObject({
    code: 'KAFKA_AUTH',
    message: expect.stringContaining(`${file} cannot be read: ENOENT`) as string,
  });
  await writeFile(file, 'opaque\n');
  expect(await source.token()).toBe('opaque');
  const fresh = jwt(clock.nowMs() / 1000 + 60);
  await writeFile(file, fresh);
  expect(await source.token()).toBe(fresh);
  clock.advance(61_000);
  await expect(source.token()).rejects.toThrow(/has run out at 2023-11-14T/);
});

test('an unsecured token has the claims that were asked for', async () => {
  const clock = new FakeClock();
  const options = { clock, timeoutMs: 1000, authorities: () => undefined };
  const token = await new BearerTokens(
    { kind: 'unsecured', claims: { sub: 'alice' } },
    options,
  ).token();
  const [, claims = ''] = token.split('.');
  expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toEqual({
    sub: 'alice',
    iat: clock.nowMs() / 1000,
    exp: clock.nowMs() / 1000 + 3600,
  });
});
