import http from 'node:http';
import https from 'node:https';
import type { RegistrySettings } from '../../config/registry-options.ts';
import { tlsContext } from '../../config/tls-stores.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import { httpExchange } from '../../foundation/http-exchange.ts';
import { RegistryError } from '../../model/registry-error.ts';

/** An answer that is no failure of the registry itself: also 404, 409 and 422. */
export interface RegistryAnswer {
  readonly status: number;
  readonly body: unknown;
}

type HttpSettings = Pick<
  RegistrySettings,
  'urls' | 'login' | 'tls' | 'connectTimeoutMs' | 'readTimeoutMs'
>;

interface Endpoint {
  readonly url: URL;
  readonly authorization: string | undefined;
  readonly agent: http.Agent;
}

const MEDIA_TYPE = 'application/vnd.schemaregistry.v1+json';
/** No schema is longer; a server that is no registry might be. */
const BODY_BYTES_MAX = 32 * 1024 * 1024;
const TLS_CURE =
  'Check schema.registry.ssl.truststore.location or ….certificates, and that the certificate ' +
  'names the host of schema.registry.url.';

/**
 * Requests to a registry. Several URLs are one registry: the next is asked when one cannot be
 * reached or fails, and the one that answered is asked first from then on.
 */
export class RegistryHttp {
  readonly #endpoints: readonly Endpoint[];
  readonly #settings: HttpSettings;
  #first = 0;

  constructor(settings: HttpSettings) {
    this.#settings = settings;
    const tls = tlsContext(settings.tls, 'schema.registry.ssl.');
    const plain = new http.Agent({ keepAlive: true });
    const secure = new https.Agent({ keepAlive: true, minVersion: 'TLSv1.2', ...tls });
    this.#endpoints = settings.urls.map((text) => {
      const url = new URL(text.endsWith('/') ? text : `${text}/`);
      const authorization = authorizationOf(url, settings);
      url.username = '';
      url.password = '';
      return { url, authorization, agent: url.protocol === 'https:' ? secure : plain };
    });
  }

  /** For messages: the URLs without what is secret. */
  get address(): string {
    return this.#endpoints.map(({ url }) => url.href.replace(/\/$/, '')).join(', ');
  }

  /** Throws REGISTRY_CONNECT (try again), REGISTRY_AUTH or REGISTRY_REFUSED. */
  async request(method: string, path: string, body?: unknown): Promise<RegistryAnswer> {
    let failure: TidemarkError | null = null;
    for (let i = 0; i < this.#endpoints.length; i++) {
      const at = (this.#first + i) % this.#endpoints.length;
      const endpoint = this.#endpoints[at] as Endpoint;
      try {
        const answer = await this.#ask(endpoint, method, path, body);
        this.#first = at;
        return answer;
      } catch (thrown) {
        const error = thrown instanceof TidemarkError ? thrown : unreachable(endpoint, thrown);
        if (error.code !== 'REGISTRY_CONNECT') throw error;
        failure ??= error;
      }
    }
    throw failure ?? new TidemarkError('REGISTRY_CONNECT', 'no registry is named');
  }

  async #ask(
    endpoint: Endpoint,
    method: string,
    path: string,
    body: unknown,
  ): Promise<RegistryAnswer> {
    const { status, text } = await this.#exchange(endpoint, method, path, body);
    const asked = `${method} ${new URL(path, endpoint.url).pathname}`;
    const at = endpoint.url.host;
    if (status === 401 || status === 403) throw refusedLogin(asked, at, status);
    const parsed = parsedBody(text);
    const said = saidBy(parsed);
    if (status >= 500 || status === 408 || status === 429) {
      throw new TidemarkError(
        'REGISTRY_CONNECT',
        `the schema registry ${at} answered ${asked} with ${status}${said}`,
      );
    }
    if (parsed === undefined || (status >= 300 && status < 400)) {
      throw new TidemarkError(
        'REGISTRY_REFUSED',
        `${at} answered ${asked} with ${status}, and not as a schema registry does`,
        { cure: 'Check schema.registry.url: the path of the Confluent API has to be part of it.' },
      );
    }
    return { status, body: parsed };
  }

  async #exchange(
    { url, authorization, agent }: Endpoint,
    method: string,
    path: string,
    body: unknown,
  ): Promise<{ readonly status: number; readonly text: string }> {
    const { connectTimeoutMs, readTimeoutMs } = this.#settings;
    const { pathname, search } = new URL(path, url);
    const reply = await httpExchange({
      server: url,
      method,
      path: pathname + search,
      agent,
      headers: {
        accept: `${MEDIA_TYPE}, application/json`,
        ...(body === undefined ? {} : { 'content-type': MEDIA_TYPE }),
        ...(authorization === undefined ? {} : { authorization }),
      },
      ...(body === undefined ? {} : { body: [Buffer.from(JSON.stringify(body))] }),
      connectTimeoutMs,
      readTimeoutMs,
      maxBytes: BODY_BYTES_MAX,
    });
    return { status: reply.status, text: reply.body.toString('utf8') };
  }
}

/** `error_code` and `message` of an answer that refuses. */
export function refusalOf({ status, body }: RegistryAnswer): {
  readonly code: number;
  readonly message: string;
} {
  const { error_code: code, message } = (body ?? {}) as Record<string, unknown>;
  return {
    code: typeof code === 'number' ? code : status,
    message: typeof message === 'string' ? message : `status ${status}`,
  };
}

/** The registry would not do it for a reason that a retry does not mend. */
export function refused(asked: string, answer: RegistryAnswer, cure?: string): RegistryError {
  const { code, message } = refusalOf(answer);
  return new RegistryError(
    code,
    'REGISTRY_REFUSED',
    `the schema registry refused to ${asked}: ${message} (${code})`,
    cure === undefined ? {} : { cure },
  );
}

function authorizationOf(url: URL, { login }: HttpSettings): string | undefined {
  if (login.kind === 'bearer') return `Bearer ${login.token}`;
  if (login.kind === 'basic') return basic(login.userInfo);
  if (url.username === '') return undefined;
  return basic(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`);
}

function basic(userInfo: string): string {
  return `Basic ${Buffer.from(userInfo).toString('base64')}`;
}

function refusedLogin(asked: string, at: string, status: number): TidemarkError {
  const what = status === 401 ? 'refused the login' : 'does not permit it';
  return new TidemarkError('REGISTRY_AUTH', `the schema registry ${at} ${what}: ${asked}`);
}

function unreachable({ url }: Endpoint, thrown: unknown): TidemarkError {
  const { message, code = '' } = thrown as NodeJS.ErrnoException;
  const isTls = /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_VERIFY|ISSUER/.test(code);
  const why = message === '' ? code : message;
  return new TidemarkError(
    'REGISTRY_CONNECT',
    `the schema registry ${url.host} cannot be ${isTls ? 'trusted' : 'reached'}: ${why}`,
    { cause: thrown, ...(isTls ? { cure: TLS_CURE } : {}) },
  );
}

function parsedBody(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function saidBy(body: unknown): string {
  const { message } = (body ?? {}) as Record<string, unknown>;
  return typeof message === 'string' ? `: ${message.slice(0, 300)}` : '';
}
