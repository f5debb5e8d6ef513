import { describe, expect, test } from 'vitest';
import type { SearchConnection, SearchLogin } from '../../../src/sink/search/search-connection.ts';
import { authorizationFor } from '../../../src/sink/search/search-connection.ts';
import { openSearchClient } from '../../../src/sink/search/open-search-client.ts';
import type { SearchClient } from '../../../src/sink/search/search-client.ts';
import { answerJson, startScriptedHttp, type ScriptedHttp } from '../../support/scripted-http.ts';
import { searchConnection } from '../../support/search-connection.ts';
import { pem, pemFile } from '../../support/tls-server.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

function elasticsearch(tls: false | 'tls' | 'mutual' = false): Promise<ScriptedHttp> {
  const root = { version: { number: '9.5.3' } };
  const headers = { 'x-elastic-product': 'Elasticsearch' };
  return startScriptedHttp((_, response) => answerJson(response, 200, root, headers), tls);
}

function open(url: string, others: Partial<SearchConnection> = {}): Promise<SearchClient> {
  return openSearchClient(searchConnection(url, others), new AbortController().signal);
}

describe('who asks', () => {
  test.each<[string, string, SearchLogin, string | null]>([
    ['nobody', '', { kind: 'none' }, null],
    ['the URL', 'cdc:p%40ss%3Aw@', { kind: 'none' }, `Basic ${base64('cdc:p@ss:w')}`],
    [
      'a user, before the one of the URL',
      'other:x@',
      { kind: 'basic', user: 'cdc', password: 'pä' },
      `Basic ${base64('cdc:pä')}`,
    ],
    ['an encoded key', '', { kind: 'apiKey', key: 'aWQ6a2V5' }, 'ApiKey aWQ6a2V5'],
    ['a key in two parts', '', { kind: 'apiKey', key: 'id:key' }, `ApiKey ${base64('id:key')}`],
    ['a token', '', { kind: 'bearer', token: 'abc' }, 'Bearer abc'],
  ])('%s', (_, inUrl, login, header) => {
    expect(authorizationFor(new URL(`https://${inUrl}search:9200`), login)).toBe(header);
  });

  test('the login goes with each request, and into no message', async () => {
    await using server = await elasticsearch();
    const url = server.origin.replace('://', '://cdc:hidden@');
    await using client = await open(url);
    await client.request('GET', '/shop');
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      `Basic ${base64('cdc:hidden')}`,
      `Basic ${base64('cdc:hidden')}`,
    ]);
    server.script = (_, response) => response.destroy();
    await expect(client.request('GET', '/shop')).rejects.toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hidden') as string }),
    );
  });
});

describe('TLS', () => {
  const NONE = { truststore: null, keystore: null, keyPassword: undefined, verifyHost: true };
  const trusted = { ...NONE, truststore: { type: 'PEM', location: pemFile('ca.pem') } };

  test('with the CA, as a file or as text', async () => {
    await using server = await elasticsearch('tls');
    const text = { ...NONE, truststore: { type: 'PEM', certificates: pem('ca.pem') } };
    for (const tls of [trusted, text]) {
      await using client = await open(server.origin, { tls });
      expect(client.product.major).toBe(9);
    }
  });

  test('with another CA, or none, it is not trusted', async () => {
    await using server = await elasticsearch('tls');
    const other = { ...NONE, truststore: { type: 'PEM', location: pemFile('other-ca.pem') } };
    for (const tls of [NONE, other]) {
      await expect(open(server.origin, { tls })).rejects.toMatchObject({
        code: 'SINK_TLS',
        cure: expect.stringContaining('truststore') as string,
      });
    }
    expect(server.requests).toHaveLength(0);
  });

  test('the certificate names the host, unless that is not asked for', async () => {
    await using server = await elasticsearch('tls');
    const url = server.origin.replace('localhost', '127.0.0.1');
    await expect(open(url, { tls: trusted })).rejects.toMatchObject({
      code: 'SINK_TLS',
      message: expect.stringContaining('IP: 127.0.0.1 is not in the cert') as string,
    });
    await using client = await open(url, { tls: { ...trusted, verifyHost: false } });
    expect(client.product.major).toBe(9);
  });

  test('a server that wants our certificate gets it from the keystore', async () => {
    await using server = await elasticsearch('mutual');
    await expect(open(server.origin, { tls: trusted })).rejects.toMatchObject({
      code: 'SINK_TLS',
      cure: expect.stringContaining('keystore') as string,
    });
    for (const keystore of [
      { type: 'PKCS12', location: pemFile('client.p12'), password: 'p12-secret' },
      { type: 'PEM', certificates: pem('client.pem'), key: pem('client.key') },
    ]) {
      await using client = await open(server.origin, { tls: { ...trusted, keystore } });
      expect(client.product.major).toBe(9);
    }
  });

  test('a port without TLS, and TLS on a port that was taken for one without', async () => {
    await using plain = await elasticsearch();
    await expect(open(`https://localhost:${plain.port}`)).rejects.toMatchObject({
      code: 'SINK_TLS',
      cure: expect.stringContaining('http://') as string,
    });
    await using secure = await elasticsearch('tls');
    await expect(open(`http://localhost:${secure.port}`)).rejects.toMatchObject({
      code: 'SINK_CONNECT',
    });
  });
});
