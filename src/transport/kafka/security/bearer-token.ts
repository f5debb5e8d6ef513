import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { rootCertificates } from 'node:tls';
import type { TokenSource } from '../../../config/kafka-login.ts';
import type { Clock } from '../../../foundation/clock.ts';
import { TidemarkError } from '../../../foundation/errors.ts';

/** What surrounds the source of tokens. */
export interface TokenOptions {
  readonly clock: Pick<Clock, 'nowMs' | 'after'>;
  readonly timeoutMs: number;
  /** Authorities besides those that everybody trusts, as of now. */
  readonly authorities: () => string | undefined;
}

type Endpoint = Extract<TokenSource, { kind: 'endpoint' }>;

/** Kafka's own share of a token's life after which it is renewed. */
const RENEW_AFTER = 0.8;
const ANSWER_BYTES_MAX = 1024 * 1024;

interface Token {
  readonly text: string;
  readonly renewAtMs: number;
}

/** Tokens of OAUTHBEARER, each used for most of its life; callers at once share one request. */
export class BearerTokens {
  readonly #source: TokenSource;
  readonly #options: TokenOptions;
  #token: Token | null = null;
  #pending: Promise<Token> | null = null;

  constructor(source: TokenSource, options: TokenOptions) {
    this.#source = source;
    this.#options = options;
  }

  /** Throws KAFKA_CONNECT when it may pass by itself, KAFKA_AUTH when it does not. */
  async token(): Promise<string> {
    const known = this.#token;
    if (known !== null && this.#options.clock.nowMs() < known.renewAtMs) return known.text;
    this.#pending ??= this.#renew().finally(() => {
      this.#pending = null;
    });
    return (await this.#pending).text;
  }

  async #renew(): Promise<Token> {
    const source = this.#source;
    switch (source.kind) {
      case 'endpoint': {
        const token = await this.#fetch(source);
        this.#token = token;
        return token;
      }
      // Whoever renews it does not tell us: it is read for each login.
      case 'file':
        return this.#tokenOfFile(source.path);
      case 'unsecured':
        return { text: unsecured(source.claims, this.#options.clock.nowMs()), renewAtMs: 0 };
    }
  }

  async #tokenOfFile(path: string): Promise<Token> {
    let text: string;
    try {
      text = (await readFile(path, 'utf8')).trim();
    } catch (error) {
      const { code = 'an error' } = error as NodeJS.ErrnoException;
      const message = `the token file ${path} cannot be read: ${code}`;
      throw new TidemarkError('KAFKA_AUTH', message, { cause: error });
    }
    const expiry = expiryMs(text);
    if (expiry !== null && expiry <= this.#options.clock.nowMs()) {
      const when = new Date(expiry).toISOString();
      throw new TidemarkError('KAFKA_AUTH', `the token in ${path} has run out at ${when}`, {
        cure: 'Whatever writes the file must renew the token before it runs out.',
      });
    }
    return { text, renewAtMs: 0 };
  }

  async #fetch(endpoint: Endpoint): Promise<Token> {
    const asked = this.#options.clock.nowMs();
    const answer = await this.#post(endpoint);
    const where = `the token endpoint ${shown(endpoint.url)}`;
    if (answer.status >= 500 || answer.status === 429)
      throw new TidemarkError('KAFKA_CONNECT', `${where} answered ${answer.status}`, {
        cure: 'Look at the identity provider. It is tried again.',
      });
    const fields = fieldsOf(answer.body);
    if (answer.status !== 200)
      throw new TidemarkError(
        'KAFKA_AUTH',
        `${where} refused the client ${endpoint.clientId}: ${answer.status}${reasonOf(fields)}`,
        { cure: 'Check clientId, clientSecret and scope in sasl.jaas.config.' },
      );
    const text = fields?.['access_token'];
    if (typeof text !== 'string' || text === '')
      throw new TidemarkError('KAFKA_AUTH', `${where} answered without access_token`, {
        cure: 'Check sasl.oauthbearer.token.endpoint.url: it must be the token endpoint itself.',
      });
    const seconds = Number(fields?.['expires_in']);
    const life = seconds > 0 ? seconds * 1000 : (expiryMs(text) ?? asked) - asked;
    return { text, renewAtMs: asked + life * RENEW_AFTER };
  }

  async #post(endpoint: Endpoint): Promise<{ readonly status: number; readonly body: string }> {
    const { url, clientId, clientSecret, scope } = endpoint;
    const { authorities, clock, timeoutMs } = this.#options;
    const form = new URLSearchParams({ grant_type: 'client_credentials' });
    if (scope !== null) form.set('scope', scope);
    const login = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
    const ca = authorities();
    const isHttps = url.startsWith('https:');
    try {
      return await new Promise((resolve, reject) => {
        const request = (isHttps ? requestHttps : requestHttp)(url, {
          method: 'POST',
          headers: {
            authorization: `Basic ${login}`,
            'content-type': 'application/x-www-form-urlencoded',
            accept: 'application/json',
          },
          ...(isHttps && ca !== undefined ? { ca: [...rootCertificates, ca] } : {}),
        });
        const cancel = clock.after(timeoutMs, () => {
          request.destroy(new Error(`no answer within ${timeoutMs} ms`));
        });
        request.on('close', cancel);
        request.on('error', reject);
        request.on('response', (response) => {
          bodyOf(response).then((body) => {
            resolve({ status: response.statusCode ?? 0, body });
          }, reject);
        });
        request.end(form.toString());
      });
    } catch (error) {
      const { message, code } = error as NodeJS.ErrnoException;
      const isTrust = /CERT|SELF_SIGNED|UNABLE_TO_|ALTNAME/.test(code ?? '');
      throw new TidemarkError(
        isTrust ? 'KAFKA_AUTH' : 'KAFKA_CONNECT',
        `the token endpoint ${shown(url)} cannot be asked: ${message}`,
        {
          cause: error,
          cure: isTrust
            ? 'Give the authority that signed its certificate in ssl.truststore.location.'
            : 'Check sasl.oauthbearer.token.endpoint.url and the identity provider.',
        },
      );
    }
  }
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > ANSWER_BYTES_MAX) throw new Error('the answer is larger than 1 MB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function fieldsOf(body: string): Readonly<Record<string, unknown>> | null {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : null;
  } catch {
    return null;
  }
}

/** OAuth's error code; its description may repeat what was sent. */
function reasonOf(fields: Readonly<Record<string, unknown>> | null): string {
  const error = fields?.['error'];
  return typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) ? ` ${error}` : '';
}

/** Without login and query, which may be secret. */
function shown(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

/** When a JWT runs out; null when the token is none, or does not say. */
function expiryMs(token: string): number | null {
  const claims = fieldsOf(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
  const seconds = claims?.['exp'];
  return typeof seconds === 'number' ? seconds * 1000 : null;
}

function unsecured(claims: Readonly<Record<string, string>>, nowMs: number): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const issued = Math.floor(nowMs / 1000);
  const times = { iat: issued, exp: issued + 3600 };
  return `${encode({ alg: 'none' })}.${encode({ ...times, ...claims })}.`;
}
