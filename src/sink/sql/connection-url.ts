import { TidemarkError } from '../../foundation/errors.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';

export type SslMode = 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

/** Where and as whom the sink connects. */
export interface TargetAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string | undefined;
  readonly sslMode: SslMode;
  /** PEM files of the URL parameters sslrootcert, sslcert and sslkey. */
  readonly sslRootCert: string | undefined;
  readonly sslCert: string | undefined;
  readonly sslKey: string | undefined;
}

const SSL_MODES: Readonly<Record<string, SslMode>> = {
  disable: 'disable',
  allow: 'prefer',
  prefer: 'prefer',
  require: 'require',
  'verify-ca': 'verify-ca',
  'verify-full': 'verify-full',
};

function invalid(reason: string): TidemarkError {
  return new TidemarkError('CONFIG_INVALID', `connection.url: ${reason}`, {
    cure: 'Write postgres://user@host:5432/database or jdbc:postgresql://host:5432/database.',
  });
}

function parse(text: string): URL {
  const standard = text.replace(/^jdbc:/, '');
  if (!/^postgres(?:ql)?:\/\//.test(standard)) throw invalid('not a PostgreSQL address');
  try {
    return new URL(standard);
  } catch {
    // The parser's own message would show the password.
    throw invalid('not a valid URL');
  }
}

/** Reads `postgres://…` and `jdbc:postgresql://…?user=…&ssl=true`; properties win over the URL. */
export function parseConnectionUrl(
  options: Pick<SqlSinkOptions, 'connectionUrl' | 'user' | 'password'>,
): TargetAddress {
  const url = parse(options.connectionUrl);
  const parameter = (name: string): string | undefined => url.searchParams.get(name) ?? undefined;
  const user = options.user ?? (decodeURIComponent(url.username) || parameter('user'));
  const password = options.password ?? (decodeURIComponent(url.password) || parameter('password'));
  if (user === undefined) throw invalid('no user; set connection.user');
  const database = decodeURIComponent(url.pathname.slice(1)) || user;
  const mode = parameter('sslmode') ?? (parameter('ssl') === 'true' ? 'verify-full' : 'prefer');
  const sslMode = SSL_MODES[mode];
  if (sslMode === undefined) throw invalid(`unknown sslmode ${mode}`);
  const host = decodeURIComponent(url.hostname.replace(/^\[|\]$/g, '')) || 'localhost';
  return {
    host,
    port: url.port === '' ? 5432 : Number(url.port),
    database,
    user,
    password,
    sslMode,
    sslRootCert: parameter('sslrootcert'),
    sslCert: parameter('sslcert'),
    sslKey: parameter('sslkey'),
  };
}
