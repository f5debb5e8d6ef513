import { TidemarkError } from '../../foundation/errors.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';

export type MysqlSslMode = 'disabled' | 'preferred' | 'required' | 'verify_ca' | 'verify_identity';

/** Where and as whom the sink connects to a MySQL or MariaDB. */
export interface MysqlTargetAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string | undefined;
  readonly sslMode: MysqlSslMode;
  /** PEM files. */
  readonly sslCa: string | undefined;
  readonly sslCert: string | undefined;
  readonly sslKey: string | undefined;
}

const SCHEME = /^(?:jdbc:)?(?:mysql|mariadb):\/\//i;

/** Whether `connection.url` names a MySQL or MariaDB; each is reached by the other's name too. */
export function isMysqlUrl(url: string): boolean {
  return SCHEME.test(url);
}

/** The words of the command line, of Connector/J and of MariaDB's connector. */
const SSL_MODES: Readonly<Record<string, MysqlSslMode>> = {
  disabled: 'disabled',
  disable: 'disabled',
  preferred: 'preferred',
  required: 'required',
  trust: 'required',
  verify_ca: 'verify_ca',
  'verify-ca': 'verify_ca',
  verify_identity: 'verify_identity',
  'verify-full': 'verify_identity',
};

/** Parameters with a meaning here; each has the names that drivers give it. */
const PARAMETERS: Readonly<Record<string, string>> = {
  user: 'user',
  password: 'password',
  'ssl-mode': 'sslMode',
  sslmode: 'sslMode',
  usessl: 'useSsl',
  requiressl: 'requireSsl',
  verifyservercertificate: 'verify',
  trustservercertificate: 'trust',
  'ssl-ca': 'ca',
  sslca: 'ca',
  sslrootcert: 'ca',
  serversslcert: 'ca',
  'ssl-cert': 'cert',
  sslcert: 'cert',
  'ssl-key': 'key',
  sslkey: 'key',
};

/** Parameters of the Java drivers that change nothing of what the sink does. */
const IGNORED = new Set(
  (
    'allowmultiqueries allowpublickeyretrieval autoreconnect cacheprepstmts cachecallablestmts ' +
    'characterencoding connecttimeout connectioncollation connectiontimezone ' +
    'forceconnectiontimezonetosession servertimezone sessionvariables sockettimeout tcpkeepalive ' +
    'tinyint1isbit transformedbitisboolean useaffectedrows usebulkstmts usecompression ' +
    'uselegacydatetimecode useserverprepstmts useunicode rewritebatchedstatements ' +
    'prepstmtcachesize prepstmtcachesqllimit zerodatetimebehavior usejdbccomplianttimezoneshift ' +
    'maxallowedpacket nullcatalogmeanscurrent nulldatabasemeanscurrent'
  ).split(' '),
);

function invalid(reason: string): TidemarkError {
  return new TidemarkError('CONFIG_INVALID', `connection.url: ${reason}`, {
    cure: 'Write mysql://user@host:3306/database or jdbc:mariadb://host:3306/database.',
  });
}

function parse(text: string): URL {
  try {
    return new URL(text.replace(/^jdbc:/i, ''));
  } catch {
    // The parser's own message would show the password.
    throw invalid(
      'not a valid URL; several hosts are not supported, name the one that takes writes',
    );
  }
}

function parametersOf(url: URL): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    const known = PARAMETERS[name.toLowerCase()];
    if (known !== undefined) parameters.set(known, value);
    else if (!IGNORED.has(name.toLowerCase())) throw invalid(`unknown parameter ${name}`);
  }
  return parameters;
}

function sslModeOf(parameters: ReadonlyMap<string, string>): MysqlSslMode {
  const isTrue = (name: string): boolean => parameters.get(name)?.toLowerCase() === 'true';
  const mode = parameters.get('sslMode');
  if (mode !== undefined) {
    const known = SSL_MODES[mode.toLowerCase()];
    if (known === undefined) throw invalid(`unknown sslMode ${mode}`);
    return known;
  }
  const useSsl = parameters.get('useSsl')?.toLowerCase();
  if (useSsl === 'false') return 'disabled';
  if (isTrue('verify')) return 'verify_ca';
  if (isTrue('trust') || isTrue('requireSsl')) return 'required';
  // A certificate to compare with is one to be compared with.
  if (parameters.has('ca')) return 'verify_identity';
  return useSsl === 'true' ? 'required' : 'preferred';
}

/** A schema is a database here, so a URL without one would leave open where things go. */
export function databaseOfUrl(connectionUrl: string): string {
  const database = decodeURIComponent(parse(connectionUrl).pathname.slice(1));
  if (database === '' || database.includes('/')) throw invalid('it names no database');
  return database;
}

/** Reads `mysql://…`, `mariadb://…` and their `jdbc:` forms; properties win over the URL. */
export function parseMysqlUrl(
  options: Pick<SqlSinkOptions, 'connectionUrl' | 'user' | 'password'>,
): MysqlTargetAddress {
  const url = parse(options.connectionUrl);
  const parameters = parametersOf(url);
  const user = options.user ?? (decodeURIComponent(url.username) || parameters.get('user'));
  const password =
    options.password ?? (decodeURIComponent(url.password) || parameters.get('password'));
  if (user === undefined) throw invalid('no user; set connection.user');
  return {
    host: decodeURIComponent(url.hostname.replace(/^\[|\]$/g, '')) || 'localhost',
    port: url.port === '' ? 3306 : Number(url.port),
    database: databaseOfUrl(options.connectionUrl),
    user,
    password,
    sslMode: sslModeOf(parameters),
    sslCa: parameters.get('ca'),
    sslCert: parameters.get('cert'),
    sslKey: parameters.get('key'),
  };
}
