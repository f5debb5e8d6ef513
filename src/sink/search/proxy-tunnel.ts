import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { basicAuthorization, type SearchProxy } from './search-connection.ts';

type Created = (error: Error | null, socket: Duplex) => void;

/** Connections to https servers through a proxy: CONNECT, then TLS with the server itself. */
export class TunnelAgent extends https.Agent {
  readonly #proxy: SearchProxy;
  readonly #connectTimeoutMs: number;

  constructor(proxy: SearchProxy, connectTimeoutMs: number, options: https.AgentOptions) {
    super(options);
    this.#proxy = proxy;
    this.#connectTimeoutMs = connectTimeoutMs;
  }

  override createConnection(options: https.RequestOptions, created?: Created): undefined {
    const target = `${hostPart(String(options.host))}:${String(options.port)}`;
    const done = created as Created;
    const request = http.request({
      host: this.#proxy.host,
      port: this.#proxy.port,
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...proxyLogin(this.#proxy) },
      agent: false,
      timeout: this.#connectTimeoutMs,
    });
    const fail = (error: Error): void => done(error, undefined as never);
    request.on('timeout', () => {
      request.destroy(new Error(`no tunnel within ${this.#connectTimeoutMs} ms`));
    });
    request.on('error', fail);
    request.on('connect', (response, socket) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        fail(new Error(`the proxy answered CONNECT with ${response.statusCode}`));
        return;
      }
      socket.setTimeout(0);
      const tunnelled = { ...options, socket } as https.RequestOptions;
      done(null, super.createConnection(tunnelled) as Duplex);
    });
    // An answer that is no tunnel: a server that is no proxy.
    request.on('response', (response) => {
      request.destroy(new Error(`the proxy answered CONNECT with ${response.statusCode}`));
    });
    request.end();
    return undefined;
  }
}

/** The header for the proxy itself. */
export function proxyLogin({ user, password }: SearchProxy): Record<string, string> {
  if (user === undefined) return {};
  return { 'proxy-authorization': basicAuthorization(user, password ?? '') };
}

function hostPart(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
