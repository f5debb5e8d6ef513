import type { TlsStores } from '../../config/tls-stores.ts';

/** Who the cluster is told that we are. */
export type SearchLogin =
  /** User and password may stand in a URL. */
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly user: string; readonly password: string }
  /** As the server gave it: `encoded`, or `id:api_key`. */
  | { readonly kind: 'apiKey'; readonly key: string }
  | { readonly kind: 'bearer'; readonly token: string };

/** An HTTP proxy: nodes with https are reached through a tunnel. */
export interface SearchProxy {
  readonly host: string;
  readonly port: number;
  readonly user?: string;
  readonly password?: string;
}

/** How to reach a cluster. */
export interface SearchConnection {
  /** Nodes of one cluster: `https://host:9200`, with a path where a gateway has one. */
  readonly urls: readonly string[];
  readonly login: SearchLogin;
  readonly tls: TlsStores;
  /** Which properties `tls` comes from, for messages: `elastic.https.ssl.`. */
  readonly tlsPrefix: string;
  readonly connectTimeoutMs: number;
  readonly readTimeoutMs: number;
  readonly proxy: SearchProxy | null;
  /** Requests are sent with gzip, answers are asked for with it. */
  readonly compression: boolean;
}

/** `Authorization` for a node; null: none. */
export function authorizationFor(url: URL, login: SearchLogin): string | null {
  switch (login.kind) {
    case 'basic':
      return basicAuthorization(login.user, login.password);
    case 'apiKey': {
      const isPair = login.key.includes(':');
      return `ApiKey ${isPair ? Buffer.from(login.key).toString('base64') : login.key}`;
    }
    case 'bearer':
      return `Bearer ${login.token}`;
    case 'none':
      if (url.username === '') return null;
      return basicAuthorization(decodeURIComponent(url.username), decodeURIComponent(url.password));
  }
}

/** `Authorization` or `Proxy-Authorization` of a user with a password. */
export function basicAuthorization(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}
