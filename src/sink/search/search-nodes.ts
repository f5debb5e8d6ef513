import http from 'node:http';
import https from 'node:https';
import { tlsContext } from '../../config/tls-stores.ts';
import type { Clock } from '../../foundation/clock.ts';
import { proxyLogin, TunnelAgent } from './proxy-tunnel.ts';
import { authorizationFor, type SearchConnection } from './search-connection.ts';

/** One node, and how a request reaches it. */
export interface SearchNode {
  /** What goes before the path of a request: that of a gateway, or the node's whole address. */
  readonly prefix: string;
  /** Whom to connect to: the node, or the proxy before it. */
  readonly server: URL;
  /** For messages; nothing of it is secret. */
  readonly address: string;
  readonly agent: http.Agent;
  readonly headers: Readonly<Record<string, string>>;
}

interface KnownNode extends SearchNode {
  failures: number;
  avoidedUntilMs: number;
}

const AVOIDED_FIRST_MS = 1000;
const AVOIDED_MAX_MS = 60_000;

/**
 * The nodes of a cluster. They take turns; one that failed is avoided for a while, which doubles
 * with each failure, and is asked earlier only when no other is left.
 */
export class SearchNodes {
  readonly #nodes: readonly KnownNode[];
  readonly #clock: Clock;
  #turn = 0;

  /** Throws CONFIG_INVALID when a certificate cannot be read. */
  constructor(connection: SearchConnection, clock: Clock) {
    this.#clock = clock;
    const plain = new http.Agent({ keepAlive: true });
    const secureOptions: https.AgentOptions = {
      keepAlive: true,
      minVersion: 'TLSv1.2',
      ...tlsContext(connection.tls, connection.tlsPrefix),
    };
    const { proxy, connectTimeoutMs } = connection;
    const secure =
      proxy === null
        ? new https.Agent(secureOptions)
        : new TunnelAgent(proxy, connectTimeoutMs, secureOptions);
    this.#nodes = connection.urls.map((text) => ({
      ...nodeAt(new URL(text), connection, plain, secure),
      failures: 0,
      avoidedUntilMs: 0,
    }));
  }

  /** All of them, in the order in which to ask them this time. */
  inOrder(): readonly SearchNode[] {
    const count = this.#nodes.length;
    const from = this.#turn++ % count;
    const turn = this.#nodes.map((_, at) => this.#nodes[(from + at) % count] as KnownNode);
    const nowMs = this.#clock.monotonicMs();
    const avoidedMs = (node: KnownNode): number => Math.max(0, node.avoidedUntilMs - nowMs);
    return turn.toSorted((a, b) => avoidedMs(a) - avoidedMs(b));
  }

  failed(node: SearchNode): void {
    const known = node as KnownNode;
    const avoidedMs = Math.min(AVOIDED_MAX_MS, AVOIDED_FIRST_MS * 2 ** known.failures);
    known.failures++;
    known.avoidedUntilMs = this.#clock.monotonicMs() + avoidedMs;
  }

  answered(node: SearchNode): void {
    const known = node as KnownNode;
    known.failures = 0;
    known.avoidedUntilMs = 0;
  }

  /** Ends the connections that are kept. */
  close(): void {
    for (const { agent } of this.#nodes) agent.destroy();
  }
}

function nodeAt(
  url: URL,
  { login, proxy }: SearchConnection,
  plain: http.Agent,
  secure: https.Agent,
): SearchNode {
  const authorization = authorizationFor(url, login);
  const headers = authorization === null ? {} : { authorization };
  const path = url.pathname.replace(/\/+$/, '');
  const address = `${url.protocol}//${url.host}`;
  if (url.protocol === 'https:') {
    return { prefix: path, server: url, address, agent: secure, headers };
  }
  if (proxy === null) return { prefix: path, server: url, address, agent: plain, headers };
  // Without TLS there is no tunnel: the proxy is asked, by the whole address.
  const host = proxy.host.includes(':') ? `[${proxy.host}]` : proxy.host;
  return {
    prefix: `${address}${path}`,
    server: new URL(`http://${host}:${proxy.port}`),
    address,
    agent: plain,
    headers: { ...headers, host: url.host, ...proxyLogin(proxy) },
  };
}
