import type { SearchConnection } from '../../src/sink/search/search-connection.ts';

/** How to reach a cluster, as without any option but the addresses. */
export function searchConnection(
  urls: string | readonly string[],
  others: Partial<SearchConnection> = {},
): SearchConnection {
  return {
    urls: typeof urls === 'string' ? [urls] : urls,
    login: { kind: 'none' },
    tls: { truststore: null, keystore: null, keyPassword: undefined, verifyHost: true },
    tlsPrefix: 'elastic.https.ssl.',
    connectTimeoutMs: 10_000,
    readTimeoutMs: 20_000,
    proxy: null,
    compression: false,
    ...others,
  };
}
