import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { RegistryHttp } from '../../../src/converter/registry/registry-http.ts';
import type { RegistrySettings } from '../../../src/config/registry-options.ts';
import { registrySettingsFor } from '../../support/registry-settings.ts';
import { basicAuthorization, startRegistryFront } from '../../support/registry-front.ts';
import type { RegistryFront } from '../../support/registry-front.ts';
import { pem, pemFile } from '../../support/tls-server.ts';

/** Answers each request with 404 in the registry's words, which needs no registry behind it. */
async function answering(
  options: { readonly tls?: boolean | 'mutual'; readonly authorization?: string } = {},
): Promise<RegistryFront> {
  const front = await startRegistryFront({ target: 'http://127.0.0.1:9', ...options });
  front.behaviour = 404;
  return front;
}

const over = (
  urls: string | readonly string[],
  others: Partial<RegistrySettings> = {},
): RegistryHttp => new RegistryHttp(registrySettingsFor(urls, others));

const ask = (http: RegistryHttp) => http.request('GET', 'subjects');

describe('who asks', () => {
  const header = basicAuthorization('cdc', 'p@ss:word');

  test.each([
    ['USER_INFO', '', { kind: 'basic', userInfo: 'cdc:p@ss:word' }, header],
    ['the URL', 'cdc:p%40ss%3Aword@', { kind: 'none' }, header],
    ['a token', '', { kind: 'bearer', token: 'abc' }, 'Bearer abc'],
    ['nobody', '', { kind: 'none' }, undefined],
  ] as const)('by %s', async (_, inUrl, login, sent) => {
    await using front = await answering();
    const http = over(front.origin.replace('://', `://${inUrl}`), { login });
    await ask(http);
    expect(front.requests[0]?.authorization).toBe(sent);
    expect(http.address).not.toMatch(/word/);
  });

  test('a refused login stops, and tells neither password nor token', async () => {
    await using front = await answering();
    front.behaviour = 401;
    const login = { kind: 'basic', userInfo: 'cdc:hidden' } as const;
    const failure = ask(over(front.origin, { login }));
    await expect(failure).rejects.toMatchObject({ code: 'REGISTRY_AUTH', retry: 'stop' });
    await expect(failure).rejects.not.toThrow(/hidden/);
  });
});

describe('a registry that cannot answer is asked again later', () => {
  test.each([
    [500, /answered GET \/subjects with 500: the gateway says 500/],
    [503, /with 503/],
    [429, /with 429/],
    ['cut', /cannot be reached: socket hang up/],
    ['hang', /no answer within 50 ms/],
  ] as const)('%s', async (behaviour, told) => {
    await using front = await answering();
    front.behaviour = behaviour;
    const failure = ask(over(front.origin, { readTimeoutMs: 50 }));
    await expect(failure).rejects.toMatchObject({ code: 'REGISTRY_CONNECT', retry: 'backoff' });
    await expect(failure).rejects.toThrow(told);
  });

  test('nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    await expect(ask(over(`http://127.0.0.1:${port}`))).rejects.toMatchObject({
      code: 'REGISTRY_CONNECT',
      message: expect.stringMatching(
        `127.0.0.1:${port} cannot be reached: .*ECONNREFUSED`,
      ) as string,
    });
  });

  test('a connection that does not become one', async () => {
    // A server of TLS that never says a word of it.
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const http = over(`https://localhost:${port}`, { connectTimeoutMs: 50 });
      await expect(ask(http)).rejects.toThrow('no connection within 50 ms');
    } finally {
      server.close();
    }
  });
});

describe('several URLs are one registry', () => {
  test('the next is asked when one fails, and first from then on', async () => {
    await using one = await answering();
    await using two = await answering();
    one.behaviour = 502;
    const http = over([`${one.origin}/`, two.origin]);
    expect((await ask(http)).status).toBe(404);
    expect((await ask(http)).status).toBe(404);
    expect([one.requests.length, two.requests.length]).toEqual([1, 2]);
    two.behaviour = 'cut';
    one.behaviour = 404;
    expect((await ask(http)).status).toBe(404);
    // A kept connection that ends may have been stale: asked once more on a new one.
    expect([one.requests.length, two.requests.length]).toEqual([2, 4]);
  });

  test('all of them away: the first one is named', async () => {
    await using one = await answering();
    await using two = await answering();
    one.behaviour = 502;
    two.behaviour = 503;
    await expect(ask(over([one.origin, two.origin]))).rejects.toThrow(/with 502/);
  });
});

describe('TLS', () => {
  const trusting = (tls: Partial<RegistrySettings['tls']>): Partial<RegistrySettings> => ({
    tls: {
      truststore: { type: 'PEM', location: pemFile('ca.pem') },
      keystore: null,
      keyPassword: undefined,
      verifyHost: true,
      ...tls,
    },
  });

  test('with the CA, as a file or as text', async () => {
    await using front = await answering({ tls: true });
    expect((await ask(over(front.origin, trusting({})))).status).toBe(404);
    const truststore = { type: 'PEM', certificates: pem('ca.pem') };
    expect((await ask(over(front.origin, trusting({ truststore })))).status).toBe(404);
  });

  test('with another CA, or none: not trusted, and the cure says what to look at', async () => {
    await using front = await answering({ tls: true });
    for (const truststore of [null, { type: 'PEM', location: pemFile('other-ca.pem') }]) {
      await expect(ask(over(front.origin, trusting({ truststore })))).rejects.toMatchObject({
        code: 'REGISTRY_CONNECT',
        message: expect.stringContaining('cannot be trusted') as string,
        cure: expect.stringContaining('schema.registry.ssl.truststore') as string,
      });
    }
  });

  test('the certificate names the host, unless that is not asked for', async () => {
    await using front = await answering({ tls: true });
    const address = front.origin.replace('localhost', '127.0.0.1');
    await expect(ask(over(address, trusting({})))).rejects.toThrow(
      /cannot be trusted.*127\.0\.0\.1/,
    );
    expect((await ask(over(address, trusting({ verifyHost: false })))).status).toBe(404);
  });

  test('a server that wants our certificate gets it from the keystore', async () => {
    await using front = await answering({ tls: 'mutual' });
    await expect(ask(over(front.origin, trusting({})))).rejects.toMatchObject({
      code: 'REGISTRY_CONNECT',
    });
    const keystore = { type: 'PEM', certificates: pem('client.pem'), key: pem('client.key') };
    expect((await ask(over(front.origin, trusting({ keystore })))).status).toBe(404);
  });
});

test('what is no registry is said so', async () => {
  const server = createServer((socket) => {
    socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    await expect(ask(over(`http://127.0.0.1:${port}`))).rejects.toMatchObject({
      code: 'REGISTRY_REFUSED',
      cure: expect.stringContaining('schema.registry.url') as string,
    });
  } finally {
    server.close();
  }
});
