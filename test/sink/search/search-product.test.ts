import { describe, expect, test } from 'vitest';
import type { JsonNode } from '../../../src/foundation/lossless-json.ts';
import { probeProduct, type ProbeReply } from '../../../src/sink/search/search-product.ts';

type Said = readonly [status: number, body?: JsonNode, product?: string];

const ELASTIC = 'Elasticsearch';
const DENIED = { error: { type: 'security_exception', reason: 'not permitted' }, status: 403 };
const node = (version: string): JsonNode => ({ nodes: { n1: { version } } });

/** Answers as the paths say; what is not named is not there. */
async function probed(said: Readonly<Record<string, Said>>): Promise<unknown> {
  const request = (_method: string, path: string): Promise<ProbeReply> => {
    const [status, body = null, product = null] = said[path.replace(/\?.*/, '')] ?? [404];
    return Promise.resolve({ status, body, product, retryAfterMs: null });
  };
  return probeProduct(request, 'search:9200', new AbortController().signal);
}

describe('the product and its version', () => {
  test.each<[string, Readonly<Record<string, Said>>, object]>([
    [
      'Elasticsearch tells both',
      { '/': [200, { version: { number: '9.5.3', build_flavor: 'default' } }, ELASTIC] },
      { name: 'elasticsearch', major: 9, minor: 5 },
    ],
    [
      'OpenSearch tells both',
      { '/': [200, { version: { number: '2.19.1', distribution: 'opensearch' } }] },
      { name: 'opensearch', major: 2, minor: 19 },
    ],
    [
      'OpenSearch in the disguise of an older product: as its nodes say',
      {
        '/': [200, { version: { number: '7.10.2', distribution: 'opensearch' } }],
        '/_nodes/_local': [200, node('2.11.0')],
      },
      { name: 'opensearch', major: 2, minor: 11 },
    ],
    [
      'Elasticsearch without GET /',
      { '/': [405, null, ELASTIC], '/_nodes/_local': [200, node('8.19.21'), ELASTIC] },
      { name: 'elasticsearch', major: 8, minor: 19 },
    ],
    [
      'a snapshot build',
      { '/': [200, { version: { number: '9.6.0-SNAPSHOT' } }, ELASTIC] },
      { name: 'elasticsearch', major: 9, minor: 6 },
    ],
    [
      'Elasticsearch that lets nobody ask for versions: the oldest',
      { '/': [403, DENIED, ELASTIC], '/_nodes/_local': [403, DENIED, ELASTIC] },
      { name: 'elasticsearch', major: 8, minor: 0, assumed: true },
    ],
    [
      'OpenSearch 3 that lets nobody ask: by its header',
      { '/': [403, DENIED, 'OpenSearch/3.8.0 (opensearch)'] },
      { name: 'opensearch', major: 2, minor: 0, assumed: true },
    ],
    [
      'a serverless collection: it has indices, and nothing else',
      { '/_cat/indices': [200, []] },
      { name: 'opensearch', major: 2, minor: 0, assumed: true },
    ],
  ])('%s', async (_, said, product) => {
    expect(await probed(said)).toEqual(product);
  });
});

describe('refused', () => {
  test.each<[string, Readonly<Record<string, Said>>, object]>([
    [
      'a login',
      { '/': [401, { error: { reason: 'unable to authenticate user [cdc]' } }, ELASTIC] },
      {
        code: 'SINK_AUTH',
        message: 'search:9200 refused the login: unable to authenticate user [cdc]',
      },
    ],
    [
      'Elasticsearch 7',
      { '/': [200, { version: { number: '7.17.29', build_flavor: 'default' } }, ELASTIC] },
      { code: 'SINK_VERSION', message: 'search:9200 is Elasticsearch 7.17.29, which is too old' },
    ],
    [
      'one from before the header',
      { '/': [200, { version: { number: '6.8.0' } }] },
      { code: 'SINK_VERSION', message: 'search:9200 is Elasticsearch 6.8.0, which is too old' },
    ],
    [
      'OpenSearch 1',
      { '/': [200, { version: { number: '1.3.20', distribution: 'opensearch' } }] },
      { code: 'SINK_VERSION', message: 'search:9200 is OpenSearch 1.3.20, which is too old' },
    ],
    [
      'something else that speaks JSON',
      { '/': [200, { hello: 'world' }] },
      { code: 'SINK_VERSION', retry: 'stop' },
    ],
    [
      'a cluster that is starting: asked again',
      { '/': [503, { error: 'no master' }, ELASTIC] },
      {
        code: 'SINK_SERVER',
        retry: 'backoff',
        message: 'search:9200 answered with 503: no master',
      },
    ],
  ])('%s', async (_, said, error) => {
    await expect(probed(said)).rejects.toMatchObject(error);
  });
});
