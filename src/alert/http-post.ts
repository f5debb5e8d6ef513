import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { TidemarkError } from '../foundation/errors.ts';
import { httpExchange } from '../foundation/http-exchange.ts';

const ANSWER_BYTES_MAX = 64 * 1024;
const EXCERPT = 200;

/** Posts JSON to one address, whose path and query stay out of every message: they are its key. */
export class HttpPost {
  readonly #url: URL;
  readonly #caFile: string | undefined;
  readonly #timeoutMs: number;
  #agent: http.Agent | null = null;

  constructor(url: string, caFile: string | undefined, timeoutMs: number) {
    this.#url = new URL(url);
    this.#caFile = caFile;
    this.#timeoutMs = timeoutMs;
  }

  /** Protocol and host. */
  get target(): string {
    return this.#url.origin;
  }

  /** Resolves when the answer is 2xx. Throws ALERT_CHANNEL. */
  async send(
    body: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void> {
    const url = this.#url;
    const login = decodeURIComponent(`${url.username}:${url.password}`);
    const authorization =
      url.username === ''
        ? {}
        : { authorization: `Basic ${Buffer.from(login).toString('base64')}` };
    const reply = await httpExchange({
      server: url,
      method: 'POST',
      path: `${url.pathname}${url.search}`,
      headers: { 'content-type': 'application/json', ...authorization, ...headers },
      body: [Buffer.from(body)],
      agent: (this.#agent ??= this.#newAgent()),
      connectTimeoutMs: this.#timeoutMs,
      readTimeoutMs: this.#timeoutMs,
      maxBytes: ANSWER_BYTES_MAX,
      signal,
    }).catch((error: unknown) => {
      if (error instanceof TidemarkError) throw error;
      const reason = reasonOf(error);
      throw new TidemarkError('ALERT_CHANNEL', `${this.target}: ${reason}`, { cause: error });
    });
    if (reply.status >= 200 && reply.status < 300) return;
    const text = reply.body.toString('utf8').replaceAll(/\s+/g, ' ').trim().slice(0, EXCERPT);
    const moved = reply.status >= 300 && reply.status < 400;
    const why = moved ? 'which is a redirect, and none is followed' : text;
    const said = why === '' ? '' : `: ${why}`;
    throw new TidemarkError('ALERT_CHANNEL', `${this.target} answered ${reply.status}${said}`);
  }

  /** Name, connection and certificate; nothing is sent. Throws ALERT_CHANNEL. */
  async probe(signal: AbortSignal): Promise<void> {
    const { protocol, port } = this.#url;
    const isSecure = protocol === 'https:';
    const host = this.#url.hostname.replace(/^\[(.*)\]$/, '$1');
    const ca = isSecure ? readCertificates(this.#caFile) : undefined;
    const address = { host, port: Number(port || (isSecure ? 443 : 80)) };
    // An address is no name of a server, which TLS would refuse.
    const named = net.isIP(host) === 0 ? { servername: host } : {};
    const socket = isSecure
      ? tls.connect({ ...address, ...named, ...(ca === undefined ? {} : { ca }) })
      : net.connect(address);
    try {
      await once(socket, isSecure ? 'secureConnect' : 'connect', { signal });
    } catch (error) {
      signal.throwIfAborted();
      const reason = reasonOf(error);
      throw new TidemarkError('ALERT_CHANNEL', `${this.target}: ${reason}`, { cause: error });
    } finally {
      socket.on('error', () => undefined);
      socket.destroy();
    }
  }

  #newAgent(): http.Agent {
    // Alerts are rare: a kept connection would mostly be a dead one.
    const settings = { keepAlive: false };
    if (this.#url.protocol === 'http:') return new http.Agent(settings);
    const ca = readCertificates(this.#caFile);
    return new https.Agent({ ...settings, ...(ca === undefined ? {} : { ca }) });
  }
}

/** An AggregateError of Node's (both address families failed) has no message of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}

/** The PEM of `ca.file`, read when it is needed. Throws ALERT_CHANNEL. */
export function readCertificates(file: string | undefined): Buffer | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file);
  } catch (error) {
    const { code = 'it cannot be read' } = error as NodeJS.ErrnoException;
    throw new TidemarkError('ALERT_CHANNEL', `ca.file ${file}: ${code}`, { cause: error });
  }
}
