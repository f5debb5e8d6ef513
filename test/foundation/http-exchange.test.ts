import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { HttpExchange } from '../../src/foundation/http-exchange.ts';
import { AnswerTooLong, httpExchange } from '../../src/foundation/http-exchange.ts';
import { startScriptedHttp, type HttpScript } from '../support/scripted-http.ts';

const agent = new http.Agent({ keepAlive: true });

function asking(origin: string, others: Partial<HttpExchange> = {}): HttpExchange {
  return {
    server: new URL(origin),
    method: 'GET',
    path: '/',
    headers: {},
    agent,
    connectTimeoutMs: 5000,
    readTimeoutMs: 5000,
    maxBytes: 1000,
    ...others,
  };
}

test('the path goes out as it stands, and the body with its length', async () => {
  await using server = await startScriptedHttp((_, response) => response.end('done'));
  const body = [Buffer.from('one'), Buffer.from('two')];
  const path = '/a/../b/%2e%2e';
  const reply = await httpExchange(asking(server.origin, { method: 'POST', path, body }));
  expect([reply.status, reply.body.toString()]).toEqual([200, 'done']);
  const [heard] = server.requests;
  expect([heard?.path, heard?.body.toString()]).toEqual([path, 'onetwo']);
  expect(heard?.headers).toMatchObject({ 'content-length': '6' });
});

test.each<[string, HttpScript, Partial<HttpExchange>, RegExp]>([
  ['silent', () => undefined, { readTimeoutMs: 50 }, /no answer within 50 ms/],
  ['gone', (_, response) => response.destroy(), {}, /socket hang up/],
  [
    'half an answer',
    (_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"took":', () => response.destroy());
    },
    {},
    /aborted/,
  ],
  [
    'silent in the middle',
    (_, response) => response.write('{"took":'),
    { readTimeoutMs: 50 },
    /no answer within 50 ms/,
  ],
  ['too long', (_, response) => response.end('x'.repeat(1001)), {}, /longer than 1000 bytes/],
  [
    'too long when unpacked',
    (_, response) => {
      response.setHeader('content-encoding', 'gzip');
      response.end(gzipSync(Buffer.alloc(100_000)));
    },
    {},
    /longer than 1000 bytes/,
  ],
  [
    'not what it says',
    (_, response) => {
      response.setHeader('content-encoding', 'gzip');
      response.end('plain');
    },
    {},
    /incorrect header check/,
  ],
])('an answer that is %s fails and is not repeated', async (_, script, others, told) => {
  await using server = await startScriptedHttp(script);
  await expect(httpExchange(asking(server.origin, others))).rejects.toThrow(told);
  expect(server.requests).toHaveLength(1);
});

test('what is too long is told apart', async () => {
  await using server = await startScriptedHttp((_, response) => response.end('x'.repeat(1001)));
  await expect(httpExchange(asking(server.origin))).rejects.toBeInstanceOf(AnswerTooLong);
});

test('a connection that went stale is replaced without a word', async () => {
  await using server = await startScriptedHttp((_, response) => response.end('first'));
  await httpExchange(asking(server.origin));
  let asked = 0;
  // As when the server closes an idle connection just as the request is on its way.
  server.script = (_, response) => {
    asked++;
    if (asked === 1) response.destroy();
    else response.end('second');
  };
  const reply = await httpExchange(asking(server.origin));
  expect([reply.body.toString(), server.connections]).toEqual(['second', 2]);
});

/** Closes without a word before it has the body; whether it wants one, it says when it is asked. */
async function closing(wants: boolean): Promise<{ server: http.Server; origin: string }> {
  const server = http.createServer((request) => request.socket.destroy());
  server.on('checkContinue', (request: http.IncomingMessage, response: http.ServerResponse) => {
    if (wants) {
      response.writeContinue();
      let bytes = 0;
      request.on('data', (chunk: Buffer) => (bytes += chunk.length));
      request.on('end', () => response.end(String(bytes)));
    } else response.writeHead(413).end('too large');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test.each([
  [false, 413, 'too large'],
  [true, 200, '8000000'],
])(
  'the answer to a body that was cut off is not lost (PITFALLS S9)',
  async (wants, status, told) => {
    const { server, origin } = await closing(wants);
    try {
      const body = Array.from({ length: 8 }, () => Buffer.alloc(1_000_000));
      for (let i = 0; i < 3; i++) {
        const reply = await httpExchange(asking(origin, { method: 'POST', body }));
        expect([reply.status, reply.body.toString()]).toEqual([status, told]);
      }
      const small = asking(origin, { method: 'POST', body: [Buffer.from('small')] });
      await expect(httpExchange(small)).rejects.toThrow(/hang up|EPIPE|ECONNRESET/);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  },
);

test('connections are kept', async () => {
  await using server = await startScriptedHttp((_, response) => response.end('again'));
  for (let i = 0; i < 5; i++) await httpExchange(asking(server.origin));
  expect([server.requests.length, server.connections]).toEqual([5, 1]);
});

test('the signal ends a request that waits, and one that has not begun', async () => {
  const abort = new AbortController();
  const reason = new Error('enough');
  await using server = await startScriptedHttp(() => abort.abort(reason));
  const exchange = asking(server.origin, { signal: abort.signal });
  await expect(httpExchange(exchange)).rejects.toBe(reason);
  await expect(httpExchange(exchange)).rejects.toBe(reason);
  expect(server.requests).toHaveLength(1);
});
