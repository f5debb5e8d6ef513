import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { openSearchClient } from '../../../src/sink/search/open-search-client.ts';
import type { SearchClient } from '../../../src/sink/search/search-client.ts';
import type { SearchConnection } from '../../../src/sink/search/search-connection.ts';
import { answerJson, startScriptedHttp, type HttpScript } from '../../support/scripted-http.ts';
import { searchConnection } from '../../support/search-connection.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const ROOT = { version: { number: '9.5.3' } };
const PRODUCT = { 'x-elastic-product': 'Elasticsearch' };

/** A cluster as it should be, but for what comes after the probe. */
function behind(script: HttpScript): HttpScript {
  return (request, response) => {
    if (request.path === '/') answerJson(response, 200, ROOT, PRODUCT);
    else script(request, response);
  };
}

function open(
  urls: string | readonly string[],
  others: Partial<SearchConnection> = {},
): Promise<SearchClient> {
  return openSearchClient(searchConnection(urls, others), new AbortController().signal);
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('answers', () => {
  test('any status is one, with its body as JSON and the wait that it asks for', async () => {
    await using server = await startScriptedHttp(
      behind((_, response) => {
        response.writeHead(429, { 'retry-after': '7' });
        response.end('{"_version":9007199254740993}');
      }),
    );
    await using client = await open(server.origin);
    expect(await client.request('POST', '/_bulk', [Buffer.from('{}\n')])).toMatchObject({
      status: 429,
      body: { _version: 9007199254740993n },
      retryAfterMs: 7000,
    });
  });

  test('items of a bulk in which nothing failed are not read', async () => {
    let text = '{"errors":false,"items":[{"index":{"status":201}}]}';
    await using server = await startScriptedHttp(behind((_, response) => response.end(text)));
    await using client = await open(server.origin);
    const answered = async (): Promise<unknown> => (await client.request('POST', '/_bulk')).body;
    expect(await answered()).toEqual({ errors: false });
    text = '{"errors":true,"items":[{"index":{"status":409}}]}';
    expect(await answered()).toEqual({ errors: true, items: [{ index: { status: 409 } }] });
  });

  test('a wait may be a date; one that is over is none', async () => {
    let at = '';
    await using server = await startScriptedHttp(
      behind((_, response) => answerJson(response, 429, {}, { 'retry-after': at })),
    );
    const clock = new FakeClock();
    const connection = searchConnection(server.origin);
    await using client = await openSearchClient(connection, new AbortController().signal, clock);
    at = new Date(clock.nowMs() + 5000).toUTCString();
    expect((await client.request('GET', '/a')).retryAfterMs).toBe(5000);
    at = new Date(clock.nowMs() - 5000).toUTCString();
    expect((await client.request('GET', '/a')).retryAfterMs).toBe(0);
    at = 'soon';
    expect((await client.request('GET', '/a')).retryAfterMs).toBeNull();
  });

  test('a failure that is no JSON is told as text, without its markup', async () => {
    await using server = await startScriptedHttp(
      behind((_, response) => {
        response.writeHead(413, { 'content-type': 'text/html' });
        response.end('<html><h1>413 Too\n Large</h1><hr>nginx</html>');
      }),
    );
    await using client = await open(server.origin);
    const answer = await client.request('POST', '/_bulk', [Buffer.from('{}\n')]);
    expect(answer).toMatchObject({ status: 413, body: { error: '413 Too Large nginx' } });
  });

  test('a page instead of an answer is no success', async () => {
    await using server = await startScriptedHttp(
      behind((_, response) => response.end('<html>Please log in</html>')),
    );
    await using client = await open(server.origin);
    await expect(client.request('GET', '/shop')).rejects.toMatchObject({
      code: 'SINK_SERVER',
      message: expect.stringMatching(/but not with JSON: Please log in/) as string,
    });
  });

  test('a redirect is not followed: the login would go along', async () => {
    await using server = await startScriptedHttp((_, response) => {
      response.writeHead(302, { location: 'https://elsewhere.example/' }).end();
    });
    await expect(open(server.origin)).rejects.toMatchObject({
      code: 'SINK_SERVER',
      message: expect.stringContaining('302 and sends us to https://elsewhere.example/') as string,
    });
    expect(server.requests).toHaveLength(1);
  });

  test('HEAD has no body, and nothing is read into it', async () => {
    await using server = await startScriptedHttp(behind((_, response) => response.end()));
    await using client = await open(server.origin);
    expect(await client.request('HEAD', '/shop')).toMatchObject({ status: 200, body: null });
  });
});

describe('requests', () => {
  test('lines and objects say what they are; ids go out as they are escaped', async () => {
    await using server = await startScriptedHttp(
      behind((_, response) => answerJson(response, 200, {})),
    );
    await using client = await open(server.origin);
    await client.request('POST', '/shop/_bulk?refresh=true', '{"index":{}}\n{}\n');
    await client.request('PUT', '/shop/_doc/a%2Fb%20..', Buffer.from('{}'));
    expect(
      server.requests.slice(1).map(({ path, headers }) => [path, headers['content-type']]),
    ).toEqual([
      ['/shop/_bulk?refresh=true', 'application/x-ndjson'],
      ['/shop/_doc/a%2Fb%20..', 'application/json'],
    ]);
  });

  test('with compression what is worth it is packed, and so are answers', async () => {
    const answer = { hits: 'x'.repeat(5000) };
    await using server = await startScriptedHttp(
      behind((_, response) => {
        response.setHeader('content-encoding', 'gzip');
        response.end(gzipSync(JSON.stringify(answer)));
      }),
    );
    await using client = await open(server.origin, { compression: true });
    const lines = [Buffer.from('{"index":{}}\n'), Buffer.from(`{"a":"${'y'.repeat(2000)}"}\n`)];
    expect((await client.request('POST', '/_bulk', lines)).body).toEqual(answer);
    await client.request('PUT', '/shop', '{}');
    const [, bulk, small] = server.requests;
    expect(bulk?.headers).toMatchObject({ 'content-encoding': 'gzip', 'accept-encoding': 'gzip' });
    expect(bulk?.body.length).toBeLessThan(200);
    expect(gunzipSync(bulk?.body ?? Buffer.alloc(0))).toEqual(Buffer.concat(lines));
    expect(small?.headers['content-encoding']).toBeUndefined();
  });

  test('behind a gateway its path comes first', async () => {
    await using server = await startScriptedHttp((_, response) =>
      answerJson(response, 200, ROOT, PRODUCT),
    );
    await using client = await open(`${server.origin}/search/`);
    await client.request('GET', '/shop');
    expect(server.requests.map(({ path }) => path)).toEqual(['/search/', '/search/shop']);
  });

  test('the signal ends a request, without asking another node', async () => {
    const abort = new AbortController();
    await using one = await startScriptedHttp(behind(() => abort.abort(new Error('enough'))));
    await using client = await open([one.origin, one.origin]);
    const asked = client.request('GET', '/shop', undefined, abort.signal);
    await expect(asked).rejects.toThrow('enough');
    expect(one.requests.filter(({ path }) => path === '/shop')).toHaveLength(1);
  });
});

describe('several nodes', () => {
  const fine = behind((_, response) => answerJson(response, 200, {}));

  test('take turns, each on its own connection', async () => {
    await using one = await startScriptedHttp(fine);
    await using two = await startScriptedHttp(fine);
    await using client = await open([one.origin, two.origin]);
    for (let i = 0; i < 9; i++) await client.request('GET', '/shop');
    expect([one.requests.length, two.requests.length]).toEqual([5, 5]);
    expect([one.connections, two.connections]).toEqual([1, 1]);
  });

  test.each<[string, HttpScript]>([
    ['cuts the connection', (_, response) => response.destroy()],
    ['is a gateway without a node', (_, response) => response.writeHead(502).end('Bad Gateway')],
    ['is starting', (_, response) => answerJson(response, 503, { error: 'not ready' })],
    [
      'gives half an answer',
      (_, response) => {
        response.writeHead(200, { 'content-length': '9' });
        response.write('{', () => response.destroy());
      },
    ],
  ])('one that %s is passed over, and left alone for a second', async (_, trouble) => {
    await using one = await startScriptedHttp(behind(trouble));
    await using two = await startScriptedHttp(fine);
    const clock = new FakeClock();
    const connection = searchConnection([one.origin, two.origin]);
    await using client = await openSearchClient(connection, new AbortController().signal, clock);
    const asked = (): number => one.requests.filter(({ path }) => path === '/shop').length;
    for (let i = 0; i < 6; i++) {
      expect((await client.request('GET', '/shop')).status).toBe(200);
    }
    const before = asked();
    expect(before).toBeLessThanOrEqual(2);
    one.script = fine;
    clock.advance(1000);
    for (let i = 0; i < 4; i++) await client.request('GET', '/shop');
    expect(asked()).toBe(before + 2);
  });

  test('all of them away: what the first one says, and it is asked again later', async () => {
    const [one, two] = [await closedPort(), await closedPort()];
    const opening = open([`http://127.0.0.1:${one}`, `http://127.0.0.1:${two}`]);
    await expect(opening).rejects.toMatchObject({
      code: 'SINK_CONNECT',
      retry: 'backoff',
      message: expect.stringMatching(
        `127.0.0.1:${one} cannot be reached: .*ECONNREFUSED`,
      ) as string,
    });
  });

  test('all of them without a cluster: that is the answer', async () => {
    await using one = await startScriptedHttp(
      behind((_, response) => answerJson(response, 503, { error: 'no master' })),
    );
    await using client = await open([one.origin, one.origin]);
    expect(await client.request('GET', '/shop')).toMatchObject({
      status: 503,
      body: { error: 'no master' },
    });
  });
});
