import { createHmac } from 'node:crypto';
import { expect, inject, test } from 'vitest';
import type { ConnectorConfig } from '../../../src/config/pipeline-config.ts';
import { searchSinkSettings } from '../../../src/runtime/search-sink-options.ts';
import { openSearchClient } from '../../../src/sink/search/open-search-client.ts';
import { parsedPipeline } from '../../support/parsed-pipeline.ts';
import { TOKEN_SECRET } from '../../support/search-security.ts';
import {
  askSearch,
  type SearchServer,
  type SearchServerOptions,
  startSearch,
} from '../../support/search-server.ts';
import { placed, TestedSearchSink } from '../../support/search-sink.ts';
import { named, namedTopic } from '../../support/search-topics.ts';
import { pemFile } from '../../support/tls-server.ts';

/*
 * The sink as a pipeline file tells it, into servers with the security of their own product, over
 * TLS whose certificates are checked.
 */

const { series } = inject('search');
const isElastic = series.startsWith('elastic');
const password = isElastic ? 'secret1' : 'admin';
const running = new AbortController().signal;

/** Documents go to the index `mine…` of that name. */
async function writes(
  { url }: SearchServer,
  name: string,
  login: Readonly<Record<string, string>>,
): Promise<TestedSearchSink> {
  const sink = {
    name: 'find',
    'connector.class': series.replace(/-.*/, ''),
    'connection.url': url,
    'connection.ssl.truststore.type': 'PEM',
    'connection.ssl.truststore.location': pemFile('ca.pem'),
    'index.name.format': `${name}-\${topic}`,
    ...login,
  };
  const [parsed] = parsedPipeline({ sinks: [sink] }).sinks;
  const settings = searchSinkSettings(parsed as ConnectorConfig);
  if (settings === null) throw new Error('no sink of this kind');
  const { options, connection } = settings;
  const tested = new TestedSearchSink(() => openSearchClient(connection, running), options);
  const { topic } = namedTopic('secured');
  await tested.put(placed(topic.insert(named(1, name))));
  return tested;
}

async function nameIn(server: SearchServer, name: string): Promise<unknown> {
  const { body } = await askSearch(server, 'GET', `/${name}-shop.public.secured/_doc/1`);
  return (body as { _source?: { name?: string } })._source?.name;
}

/** As a provider of identities signs it. */
function tokenOf(user: string, secret = TOKEN_SECRET): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'HS512' })}.${part({ sub: user, exp: 4_000_000_000 })}`;
  return `${signed}.${createHmac('sha512', secret).update(signed).digest('base64url')}`;
}

/** What may do everything, and what has rights to `mine*` alone. */
interface Ways {
  readonly all: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly limited: Readonly<Record<string, string>>;
  readonly refused: readonly Readonly<Record<string, string>>[];
}

async function waysInto(own: SearchServer): Promise<Ways> {
  const user = isElastic ? 'elastic' : 'admin';
  const basic = { 'connection.username': user, 'connection.password': password };
  const wrong = { ...basic, 'connection.password': 'wrong' };
  if (!isElastic) {
    const bearer = (token: string) => ({ 'connection.bearer.token': token });
    return {
      all: { basic, token: bearer(tokenOf('sink')) },
      limited: bearer(tokenOf('writer')),
      refused: [wrong, bearer(tokenOf('sink', 'x'.repeat(75)))],
    };
  }
  const made = async (path: string, body: object): Promise<Record<string, string>> =>
    (await askSearch(own, 'POST', `/_security/${path}`, body)).body as Record<string, string>;
  const limits = {
    role: {
      cluster: ['monitor'],
      index: [{ names: ['mine*', 'tidemark_parked'], privileges: ['all'] }],
    },
  };
  const key = (encoded = ''): Record<string, string> => ({ 'connection.api.key': encoded });
  const free = await made('api_key', { name: 'free' });
  const limited = await made('api_key', { name: 'limited', role_descriptors: limits });
  const granted = await made('oauth2/token', { grant_type: 'client_credentials' });
  return {
    all: {
      basic,
      key: key(free['encoded']),
      pair: key(`${free['id']}:${free['api_key']}`),
      token: { 'connection.bearer.token': granted['access_token'] ?? '' },
    },
    limited: key(limited['encoded']),
    refused: [wrong, key('VuaCfGcBCdbkQm-e5aOx:ui2lp2axTNmsyakw9tvNnw')],
  };
}

/** Tokens are not part of the basic licence. */
const TRIAL: SearchServerOptions = isElastic
  ? {
      settings: {
        'xpack.license.self_generated.type': 'trial',
        'xpack.security.authc.token.enabled': 'true',
      },
    }
  : {};

test('documents come with each way to log in, over TLS; and each refusal is told', async () => {
  await using own = await startSearch(series, { password, tls: 'server', ...TRIAL });
  const { all, limited, refused } = await waysInto(own);
  for (const [name, login] of Object.entries({ ...all, mine: limited })) {
    await writes(own, name, login);
    expect([name, await nameIn(own, name)]).toEqual([name, name]);
  }
  await expect(writes(own, 'theirs', limited)).rejects.toMatchObject({
    code: 'SINK_AUTH',
    message: expect.stringContaining('403') as string,
  });
  for (const login of refused) {
    await expect(writes(own, 'mine', login)).rejects.toMatchObject({
      code: 'SINK_AUTH',
      retry: 'stop',
    });
  }
  const other = { 'connection.ssl.truststore.location': pemFile('other-ca.pem') };
  await expect(writes(own, 'mine', { ...all['basic'], ...other })).rejects.toMatchObject({
    code: 'SINK_TLS',
  });
}, 300_000);

test('a server that asks for certificates takes documents of who shows one', async () => {
  await using own = await startSearch(series, { password, tls: 'mutual' });
  const store = {
    'connection.ssl.keystore.type': 'PKCS12',
    'connection.ssl.keystore.location': pemFile('client.p12'),
    'connection.ssl.keystore.password': 'p12-secret',
  };
  // OpenSearch takes the certificate for a login, Elasticsearch wants one beside it here.
  const login = isElastic
    ? { 'connection.username': 'elastic', 'connection.password': password }
    : {};
  await writes(own, 'shown', { ...store, ...login });
  expect(await nameIn(own, 'shown')).toBe('shown');
  await expect(writes(own, 'hidden', login)).rejects.toMatchObject({ code: 'SINK_TLS' });
}, 300_000);
