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

/** Parameters with a meaning here. */
const KNOWN = new Set('user password ssl sslmode sslrootcert sslcert sslkey sslfactory'.split(' '));

/** Parameters of the drivers and of libpq that change nothing of what the sink does. */
const IGNORED = new Set(
  (
    'applicationname application_name connecttimeout connect_timeout logintimeout ' +
    'sockettimeout cancelsignaltimeout tcpkeepalive tcpnodelay keepalives keepalives_idle ' +
    'keepalives_interval keepalives_count tcp_user_timeout preparethreshold ' +
    'preparedstatementcachequeries preparedstatementcachesizemib defaultrowfetchsize ' +
    'adaptivefetch adaptivefetchminimum adaptivefetchmaximum rewritebatchedinserts ' +
    'stringtype binarytransfer binarytransferenable binarytransferdisable ' +
    'allowencodingchanges autosave cleanupsavepoints preferquerymode loggerlevel ' +
    'loggerfile logunclosedconnections logservererrordetail assumeminserverversion ' +
    'disablecolumnsanitiser unknownlength databasemetadatacachefields ' +
    'databasemetadatacachefieldsmib maxresultbuffer escapesyntaxcallmode client_encoding ' +
    'receivebuffersize sendbuffersize maxsendbuffersize raiseexceptiononsilentrollback ' +
    'target_session_attrs targetservertype hostrecheckseconds loadbalancehosts ' +
    'groupstartupparameters quotereturningidentifiers channelbinding gssencmode'
  ).split(' '),
);

/** What of the rest is meant often, and what to set instead. */
const INSTEAD: Readonly<Record<string, string>> = {
  currentschema: 'set default.schema',
  options: 'set default.schema, and settings of the role by ALTER ROLE … SET',
};

/** The factory of Java that encrypts and compares nothing. */
const COMPARES_NOTHING = 'org.postgresql.ssl.NonValidatingFactory';

function checkParameters(url: URL): void {
  for (const name of url.searchParams.keys()) {
    const lower = name.toLowerCase();
    if (KNOWN.has(lower) || IGNORED.has(lower)) continue;
    const instead = INSTEAD[lower];
    throw invalid(
      instead === undefined ? `unknown parameter ${name}` : `${name} is not supported: ${instead}`,
    );
  }
}

/** `ssl=true` of Java's driver is verify-full, and encryption alone with the factory for it. */
function modeWithoutName(parameter: (name: string) => string | undefined): string {
  const factory = parameter('sslfactory');
  if (factory !== undefined && factory !== COMPARES_NOTHING) {
    throw invalid(`sslfactory ${factory} cannot be loaded; set sslmode and sslrootcert`);
  }
  if (!['true', ''].includes(parameter('ssl') ?? 'false')) return 'prefer';
  return factory === undefined ? 'verify-full' : 'require';
}

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

/**
 * The address with more parameters, each in the place of one of the same name. An address that is
 * no URL, as that of a file, takes them as they are: whoever reads it says what it thinks of them.
 */
export function withParameters(
  connectionUrl: string,
  parameters: readonly (readonly [string, string])[],
): string {
  if (parameters.length === 0) return connectionUrl;
  const plain = connectionUrl.replace(/^jdbc:/i, '');
  if (!/^\w+:\/\/[^/]/.test(plain) || !URL.canParse(plain)) {
    const query = new URLSearchParams(Object.fromEntries(parameters));
    return `${connectionUrl}${plain.includes('?') ? '&' : '?'}${query.toString()}`;
  }
  const url = new URL(plain);
  for (const [name, value] of parameters) {
    const isSame = (present: string): boolean => present.toLowerCase() === name.toLowerCase();
    for (const present of [...url.searchParams.keys()].filter(isSame)) {
      url.searchParams.delete(present);
    }
    url.searchParams.append(name, value);
  }
  return url.href;
}

/** Reads `postgres://…` and `jdbc:postgresql://…?user=…&ssl=true`; properties win over the URL. */
export function parseConnectionUrl(
  options: Pick<SqlSinkOptions, 'connectionUrl' | 'user' | 'password'>,
): TargetAddress {
  const url = parse(options.connectionUrl);
  checkParameters(url);
  const given = new Map([...url.searchParams].map(([name, value]) => [name.toLowerCase(), value]));
  const parameter = (name: string): string | undefined => given.get(name);
  const user = options.user ?? (decodeURIComponent(url.username) || parameter('user'));
  const password = options.password ?? (decodeURIComponent(url.password) || parameter('password'));
  if (user === undefined) throw invalid('no user; set connection.user');
  const database = decodeURIComponent(url.pathname.slice(1)) || user;
  const mode = parameter('sslmode') ?? modeWithoutName(parameter);
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
