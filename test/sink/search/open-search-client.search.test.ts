import { expect, inject, test } from 'vitest';
import type { JsonObject } from '../../../src/foundation/lossless-json.ts';
import { openSearchClient } from '../../../src/sink/search/open-search-client.ts';
import type { SearchClient } from '../../../src/sink/search/search-client.ts';
import type { SearchConnection } from '../../../src/sink/search/search-connection.ts';
import { startRegistryFront } from '../../support/registry-front.ts';
import { searchConnection } from '../../support/search-connection.ts';
import { askSearch, sharedSearch, startSearch } from '../../support/search-server.ts';
import { pemFile } from '../../support/tls-server.ts';

const { series } = inject('search');
const search = await sharedSearch();
const [name, major] = series.split('-');
const signal = new AbortController().signal;

function open(url: string, others: Partial<SearchConnection> = {}): Promise<SearchClient> {
  return openSearchClient(searchConnection(url, others), signal);
}

function lines(...each: readonly object[]): Buffer[] {
  return each.map((line) => Buffer.from(`${JSON.stringify(line)}\n`));
}

test('says which product and version it is', async () => {
  await using client = await open(search.url);
  expect(client.product).toEqual({
    name,
    major: Number(major),
    minor: Number(search.version.split('.')[1]),
  });
});

test.each([false, true])('a bulk, its answer per document; compression %s', async (compression) => {
  await using client = await open(search.url, { compression });
  const index = `bulk-${compression}`;
  const put = (version: number, text: string): Buffer[] =>
    lines({ index: { _id: 'a/b ..', version, version_type: 'external' } }, { text });
  const text = 'ä'.repeat(3000);
  // In the order in which the server says it: what comes behind is not read.
  const filtered = `/${index}/_bulk?filter_path=errors,items.*.status,items.*.error`;
  const first = await client.request('POST', filtered, put(2, text));
  expect({ status: first.status, body: first.body }).toEqual({
    status: 200,
    body: { errors: false },
  });
  const again = await client.request('POST', `/${index}/_bulk`, put(1, 'older'));
  expect(again).toMatchObject({ status: 200, body: { items: [{ index: { status: 409 } }] } });
  const path = `/${index}/_doc/${encodeURIComponent('a/b ..')}`;
  expect((await client.request('GET', path)).body).toMatchObject({
    _version: 2,
    _source: { text },
  });
  expect((await askSearch(search, 'GET', path)).body).toMatchObject({ _source: { text } });
});

test('what fails is an answer with its reason', async () => {
  await using client = await open(search.url);
  const missing = await client.request('GET', '/no-such-index/_mapping');
  expect(missing.status).toBe(404);
  expect(missing.body).toMatchObject({ error: { type: 'index_not_found_exception' } });
  expect(await client.request('HEAD', '/no-such-index')).toMatchObject({ status: 404, body: null });
  const broken = await client.request('PUT', '/broken/_doc/1', '{"a":');
  expect(broken.status).toBe(400);
});

test('numbers keep their digits', async () => {
  await using client = await open(search.url);
  const document = '{"n":9223372036854775807,"d":1.10}';
  await client.request('PUT', '/digits/_doc/1', document);
  const { body } = await client.request('GET', '/digits/_doc/1');
  const { n, d } = (body as JsonObject)['_source'] as JsonObject;
  expect([n, d]).toEqual([9_223_372_036_854_775_807n, { text: '1.10' }]);
});

test.each(['tls', 'mutual'] as const)('behind a front with %s', async (kind) => {
  const tls = kind === 'mutual' ? kind : true;
  await using front = await startRegistryFront({ target: search.url, tls });
  const keystore = { type: 'PKCS12', location: pemFile('client.p12'), password: 'p12-secret' };
  const stores = {
    truststore: { type: 'PEM', location: pemFile('ca.pem') },
    keystore: kind === 'mutual' ? keystore : null,
    keyPassword: undefined,
    verifyHost: true,
  };
  await using client = await open(front.origin, { tls: stores, compression: true });
  const path = `/front-${kind}/_doc/1`;
  expect((await client.request('PUT', path, '{"n":1}')).status).toBe(201);
  expect((await askSearch(search, 'GET', path)).body).toMatchObject({ _source: { n: 1 } });
});

// Two starts of a server: on a busy machine they take most of a minute.
test('a silent and a killed server are trouble of the connection, which ends with it', async () => {
  const secured = name === 'elasticsearch';
  // Tokens are not part of the basic licence.
  const trial = {
    'xpack.license.self_generated.type': 'trial',
    'xpack.security.authc.token.enabled': 'true',
  };
  await using own = await startSearch(series, {
    settings: { 'http.max_content_length': '1mb', ...(secured ? trial : {}) },
    ...(secured ? { password: 'secret1' } : {}),
  });
  const login = secured
    ? ({ kind: 'basic', user: 'elastic', password: 'secret1' } as const)
    : ({ kind: 'none' } as const);
  await using client = await open(own.url, { login });
  expect((await client.request('PUT', '/kept/_doc/1', '{"n":1}')).status).toBe(201);
  if (secured) await logins(own.url, client);

  // The server closes the connection while most of it is still to be sent.
  const large = lines({ index: { _index: 'kept' } }, { text: 'x'.repeat(40_000_000) });
  for (let i = 0; i < 3; i++) {
    expect((await client.request('POST', '/_bulk', large)).status).toBe(413);
  }

  own.pause();
  await expect(open(own.url, { login, readTimeoutMs: 200 })).rejects.toMatchObject({
    code: 'SINK_CONNECT',
    message: expect.stringContaining('no answer within 200 ms') as string,
  });
  const patient = client.request('GET', '/kept/_doc/1');
  own.resume();
  expect((await patient).status).toBe(200);

  await own.kill();
  await expect(client.request('GET', '/kept/_doc/1')).rejects.toMatchObject({
    code: 'SINK_CONNECT',
    retry: 'backoff',
  });
  await own.start();
  await expect
    .poll(() => client.request('GET', '/kept/_doc/1'))
    .toMatchObject({ status: 200, body: { _source: { n: 1 } } });
}, 120_000);

/** With a key, with a token, and each way to be refused. */
async function logins(url: string, admin: SearchClient): Promise<void> {
  const asked = async (path: string, body: string): Promise<Record<string, string>> =>
    (await admin.request('POST', path, body)).body as Record<string, string>;
  const made = await asked('/_security/api_key', '{"name":"sink"}');
  const key = String(made['encoded']);
  const pair = `${made['id']}:${made['api_key']}`;
  const client = '{"grant_type":"client_credentials"}';
  const { access_token: token = '' } = await asked('/_security/oauth2/token', client);
  for (const login of [
    { kind: 'apiKey', key },
    { kind: 'apiKey', key: pair },
    { kind: 'bearer', token },
  ] as const) {
    await using other = await open(url, { login });
    expect(other.product).toEqual(admin.product);
    expect((await other.request('GET', '/kept/_doc/1')).status).toBe(200);
  }
  await admin.request('DELETE', '/_security/api_key', `{"ids":["${made['id']}"]}`);
  for (const login of [
    { kind: 'none' },
    { kind: 'basic', user: 'elastic', password: 'wrong' },
    // Taken back since.
    { kind: 'apiKey', key },
    { kind: 'apiKey', key: 'VuaCfGcBCdbkQm-e5aOx:ui2lp2axTNmsyakw9tvNnw' },
    { kind: 'bearer', token: 'wrong' },
  ] as const) {
    await expect(open(url, { login })).rejects.toMatchObject({ code: 'SINK_AUTH', retry: 'stop' });
  }
}
