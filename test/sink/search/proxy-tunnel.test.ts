import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { openSearchClient } from '../../../src/sink/search/open-search-client.ts';
import type { SearchClient } from '../../../src/sink/search/search-client.ts';
import type { SearchConnection, SearchProxy } from '../../../src/sink/search/search-connection.ts';
import { answerJson, startScriptedHttp, type ScriptedHttp } from '../../support/scripted-http.ts';
import { searchConnection } from '../../support/search-connection.ts';
import { pemFile } from '../../support/tls-server.ts';

const TRUSTED = {
  truststore: { type: 'PEM', location: pemFile('ca.pem') },
  keystore: null,
  keyPassword: undefined,
  verifyHost: true,
};
const LOGIN = `Basic ${Buffer.from('proxy:pass').toString('base64')}`;

interface Proxy extends AsyncDisposable {
  readonly port: number;
  /** Each as `CONNECT host:port` or `GET http://…`. */
  readonly asked: readonly string[];
}

/** Lets the user `proxy` through. */
async function startProxy(): Promise<Proxy> {
  const asked: string[] = [];
  const open = new Set<Socket>();
  const server = createServer((incoming, response) => {
    const { method, url = '', headers } = incoming;
    asked.push(`${method} ${url}`);
    if (headers['proxy-authorization'] !== LOGIN) {
      response.writeHead(407).end('<h1>Proxy Authentication Required</h1>');
      return;
    }
    const { 'proxy-authorization': _login, ...onwards } = headers;
    incoming.pipe(
      request(url, { method, headers: onwards }, (answer) => {
        response.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(response);
      }),
    );
  });
  server.on('connect', (incoming, socket: Socket) => {
    const { url = '', headers } = incoming;
    asked.push(`CONNECT ${url}`);
    if (headers['proxy-authorization'] !== LOGIN) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    const onwards = connect(Number(url.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(onwards).pipe(socket);
    });
    onwards.on('error', () => socket.destroy());
    socket.on('error', () => onwards.destroy());
  });
  server.on('connection', (socket: Socket) => open.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function elasticsearch(tls: false | 'tls' = false): Promise<ScriptedHttp> {
  const root = { version: { number: '9.5.3' } };
  const headers = { 'x-elastic-product': 'Elasticsearch' };
  return startScriptedHttp((_, response) => answerJson(response, 200, root, headers), tls);
}

function open(
  url: string,
  proxy: SearchProxy,
  others: Partial<SearchConnection> = {},
): Promise<SearchClient> {
  const connection = searchConnection(url, { proxy, tls: TRUSTED, ...others });
  return openSearchClient(connection, new AbortController().signal);
}

function proxyAt(port: number, password = 'pass'): SearchProxy {
  return { host: '127.0.0.1', port, user: 'proxy', password };
}

test('https goes through a tunnel, which is kept, and the proxy sees nothing of it', async () => {
  await using server = await elasticsearch('tls');
  await using proxy = await startProxy();
  const login = { kind: 'basic', user: 'cdc', password: 'hidden' } as const;
  await using client = await open(server.origin, proxyAt(proxy.port), { login });
  for (let i = 0; i < 3; i++) {
    expect((await client.request('POST', '/_bulk', [Buffer.from('{}\n')])).status).toBe(200);
  }
  expect(proxy.asked).toEqual([`CONNECT localhost:${server.port}`]);
  expect(server.requests).toHaveLength(4);
  expect(server.requests[1]?.headers['proxy-authorization']).toBeUndefined();
});

test('the certificate behind the tunnel is that of the server', async () => {
  await using server = await elasticsearch('tls');
  await using proxy = await startProxy();
  const url = server.origin.replace('localhost', '127.0.0.1');
  await expect(open(url, proxyAt(proxy.port))).rejects.toMatchObject({ code: 'SINK_TLS' });
});

test('http is asked of the proxy, by the whole address', async () => {
  await using server = await elasticsearch();
  await using proxy = await startProxy();
  await using client = await open(`${server.origin}/search`, proxyAt(proxy.port));
  await client.request('GET', '/shop?v');
  expect(proxy.asked).toEqual([
    `GET ${server.origin}/search/`,
    `GET ${server.origin}/search/shop?v`,
  ]);
  expect(server.requests[1]).toMatchObject({
    path: '/search/shop?v',
    headers: { host: `127.0.0.1:${server.port}` },
  });
});

test('a proxy that refuses, and one that is not there', async () => {
  await using server = await elasticsearch('tls');
  await using proxy = await startProxy();
  await expect(open(server.origin, proxyAt(proxy.port, 'wrong'))).rejects.toMatchObject({
    code: 'SINK_CONNECT',
    message: expect.stringContaining('the proxy answered CONNECT with 407') as string,
  });
  const { port } = proxy;
  await proxy[Symbol.asyncDispose]();
  await expect(open(server.origin, proxyAt(port))).rejects.toMatchObject({
    code: 'SINK_CONNECT',
    message: expect.stringContaining('ECONNREFUSED') as string,
  });
});

test('a proxy that never answers is given up in time', async () => {
  await using server = await elasticsearch('tls');
  const silent = createServer();
  silent.on('connect', () => undefined);
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  try {
    await expect(open(server.origin, proxyAt(port), { connectTimeoutMs: 50 })).rejects.toThrow(
      'no tunnel within 50 ms',
    );
  } finally {
    silent.closeAllConnections();
    silent.close();
  }
});
