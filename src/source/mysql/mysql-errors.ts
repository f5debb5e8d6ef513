import type { ErrorCode } from '../../foundation/error-table.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ErrorDetails } from '../../foundation/errors.ts';

/** Fields of an ERR packet; the errors of `mysql2` hold the same. */
export interface ServerErrorFields {
  readonly errno: number;
  readonly sqlState: string;
  readonly message: string;
}

/** Error 1236: the dump ended, and only the text says why (PITFALLS B19). The first match holds. */
const DUMP_ERRORS: readonly (readonly [RegExp, ErrorCode])[] = [
  [/same server_uuid|same server_id|same server id/i, 'MYSQL_REPLACED'],
  [/purged (required )?binary logs|required binlog files have been purged/, 'MYSQL_BINLOG_LOST'],
  [/first log file name in binary log index/, 'MYSQL_BINLOG_LOST'],
  [/Could not find GTID state requested/, 'MYSQL_BINLOG_LOST'],
  [/has more GTIDs than|not in the (master|source)'s binlog/, 'MYSQL_GTID_DIVERGED'],
  [/is missing the GTID .* requested/, 'MYSQL_GTID_DIVERGED'],
  [/GTID_MODE|anonymous transaction|AUTO_POSITION/, 'MYSQL_GTID_MODE'],
  [/impossible position|position > file size/, 'MYSQL_POSITION'],
  [/server id was not set|server_id is 0|Binary log is not open/, 'MYSQL_BINLOG_OFF'],
  [/shutdown|Connection was killed|dump thread .*kill/i, 'MYSQL_CONNECTION_LOST'],
];

const CODE_OF_NUMBER: Readonly<Record<number, ErrorCode>> = {
  1040: 'MYSQL_CONNECTIONS_EXHAUSTED',
  1044: 'MYSQL_PERMISSION',
  1045: 'MYSQL_AUTH',
  1049: 'MYSQL_DATABASE_MISSING',
  1053: 'MYSQL_CONNECTION_LOST',
  1077: 'MYSQL_CONNECTION_LOST',
  1079: 'MYSQL_CONNECTION_LOST',
  1129: 'MYSQL_AUTH',
  1130: 'MYSQL_AUTH',
  1142: 'MYSQL_PERMISSION',
  1143: 'MYSQL_PERMISSION',
  1158: 'MYSQL_CONNECTION_LOST',
  1159: 'MYSQL_CONNECTION_LOST',
  1160: 'MYSQL_CONNECTION_LOST',
  1161: 'MYSQL_CONNECTION_LOST',
  1184: 'MYSQL_CONNECTION_LOST',
  1203: 'MYSQL_CONNECTIONS_EXHAUSTED',
  1205: 'MYSQL_LOCK_TIMEOUT',
  1213: 'MYSQL_LOCK_TIMEOUT',
  1226: 'MYSQL_CONNECTIONS_EXHAUSTED',
  1227: 'MYSQL_PERMISSION',
  1236: 'MYSQL_BINLOG_READ',
  1251: 'MYSQL_AUTH_PLUGIN',
  1275: 'MYSQL_AUTH_PLUGIN',
  1370: 'MYSQL_PERMISSION',
  1381: 'MYSQL_BINLOG_OFF',
  1524: 'MYSQL_AUTH_PLUGIN',
  1698: 'MYSQL_AUTH',
  1820: 'MYSQL_AUTH',
  1862: 'MYSQL_AUTH',
  1873: 'MYSQL_AUTH',
  1927: 'MYSQL_CONNECTION_LOST',
  1969: 'MYSQL_QUERY_TIMEOUT',
  3024: 'MYSQL_QUERY_TIMEOUT',
  3032: 'MYSQL_CONNECTION_LOST',
  3118: 'MYSQL_AUTH',
  3159: 'MYSQL_TLS',
  3169: 'MYSQL_CONNECTION_LOST',
  3572: 'MYSQL_LOCK_TIMEOUT',
  3955: 'MYSQL_AUTH',
  4031: 'MYSQL_CONNECTION_LOST',
  // MariaDB's own number for a reader of the same id.
  4052: 'MYSQL_REPLACED',
  4151: 'MYSQL_AUTH',
};

/** Where the number or the text says more than the table of errors. The first match holds. */
const CURES: readonly (readonly [number, RegExp, string])[] = [
  [
    1129,
    /blocked/,
    'FLUSH HOSTS; on the server (from MySQL 8.4 on: TRUNCATE TABLE ' +
      'performance_schema.host_cache;), and find what made so many connections fail.',
  ],
  [
    1236,
    /max_allowed_packet/,
    'SET GLOBAL max_allowed_packet = 1073741824; on the server: an event is larger than it sends.',
  ],
  [
    1236,
    /checksum/i,
    'SET GLOBAL binlog_checksum = CRC32; if it is so already, this is a defect: report it.',
  ],
  [
    1236,
    /position > file size|impossible position/,
    'The file is shorter than what was read from it: the end of the binlog was lost in a crash, ' +
      'or this is another server. SHOW BINARY LOGS; shows the sizes. Connect to the server that ' +
      'has the position, or snapshot anew; SET GLOBAL sync_binlog = 1; prevents it.',
  ],
  [
    1820,
    /./,
    'ALTER USER USER() IDENTIFIED BY <password>; as that account: its password has expired.',
  ],
  [1862, /./, 'ALTER USER <account> IDENTIFIED BY <password>; its password has expired.'],
  [3118, /./, 'ALTER USER <account> ACCOUNT UNLOCK;'],
  [4151, /./, 'ALTER USER <account> ACCOUNT UNLOCK;'],
  [3159, /./, 'Set database.ssl.mode to required: the server takes only encrypted connections.'],
];

function codeOf({ errno, message }: ServerErrorFields): ErrorCode {
  if (errno === 1236) {
    const known = DUMP_ERRORS.find(([text]) => text.test(message));
    if (known !== undefined) return known[1];
  }
  return CODE_OF_NUMBER[errno] ?? 'MYSQL_SERVER';
}

const DENIED_TABLE = /^([A-Z, ]+?) command denied to user .+? for (?:table|column) (.+)$/;
const DENIED_DATABASE = /^Access denied for user .+ to database ['`](.+)['`]/;
/** The server tells the host of the client, which need not be the one of the account. */
const ACCOUNT = '<account>; (its name: SELECT CURRENT_USER();)';

/** The GRANT that the server's own words ask for (PITFALLS B17). */
function grantFor({ errno, message }: ServerErrorFields): string | null {
  if (errno === 1227) {
    const wanted = /need \(at least one of\) the (.+?) privilege/.exec(message)?.[1];
    // Any of them is enough; SUPER is never the one to ask for.
    const names = wanted?.split(/,\s*| or /).filter((name) => name !== 'SUPER') ?? [];
    return `GRANT ${names.at(0) ?? 'REPLICATION SLAVE, REPLICATION CLIENT'} ON *.* TO ${ACCOUNT}`;
  }
  const [, privilege, table = ''] = DENIED_TABLE.exec(message) ?? [];
  if (privilege !== undefined) {
    const name = table.replaceAll(/^'|'$/g, '');
    // MySQL leaves the database out.
    const place = name.includes('.') ? name : `<database>.${name}`;
    return `GRANT ${privilege} ON ${place} TO ${ACCOUNT}`;
  }
  const database = DENIED_DATABASE.exec(message)?.[1];
  return database === undefined
    ? null
    : `GRANT SELECT ON \`${database.replaceAll('`', '``')}\`.* TO ${ACCOUNT}`;
}

/** The server's own error as ours; its number, SQLSTATE and text are kept in the message. */
export function mysqlErrorFrom(fields: ServerErrorFields, cause?: unknown): TidemarkError {
  const { errno, sqlState, message } = fields;
  const code = codeOf(fields);
  const special = CURES.find(([number, text]) => number === errno && text.test(message))?.[2];
  const cure = special ?? (code === 'MYSQL_PERMISSION' ? grantFor(fields) : null);
  const state = sqlState === '' ? '' : `, SQLSTATE ${sqlState}`;
  const details: ErrorDetails = { cause: cause ?? fields };
  return new TidemarkError(
    code,
    `${message} (error ${errno}${state})`,
    cure === null ? details : { ...details, cure },
  );
}

function isServerError(thrown: object): thrown is { errno: number; message: string } {
  // Errors of the operating system have a negative number.
  return 'errno' in thrown && typeof thrown.errno === 'number' && thrown.errno > 0;
}

/** Whatever `mysql2` or the socket threw while a connection was made. */
export function errorFromConnect(
  thrown: unknown,
  where: { readonly host: string; readonly port: number },
): TidemarkError {
  return errorFrom(thrown, where, 'MYSQL_CONNECT');
}

/** Whatever `mysql2` or the socket threw while a connection was used. */
export function errorFromUse(
  thrown: unknown,
  where: { readonly host: string; readonly port: number },
): TidemarkError {
  return errorFrom(thrown, where, 'MYSQL_CONNECTION_LOST');
}

function errorFrom(
  thrown: unknown,
  { host, port }: { readonly host: string; readonly port: number },
  code: ErrorCode,
): TidemarkError {
  if (thrown instanceof TidemarkError) return thrown;
  const known = thrown instanceof Error ? thrown : new Error(String(thrown));
  if (isServerError(known)) {
    const sqlState = 'sqlState' in known ? String(known.sqlState) : '';
    return mysqlErrorFrom({ errno: known.errno, sqlState, message: known.message }, thrown);
  }
  const text = `${host}:${port}: ${messageOf(known)}`;
  const name = 'code' in known ? String(known.code) : '';
  if (name === 'HANDSHAKE_NO_SSL_SUPPORT') {
    return new TidemarkError('MYSQL_TLS', `${host}:${port}: the server does not offer TLS`, {
      cause: thrown,
      cure: NO_TLS_CURE,
    });
  }
  if (name === 'HANDSHAKE_SSL_ERROR' || CERTIFICATE_ERROR.test(name)) {
    return new TidemarkError('MYSQL_TLS', text, { cause: thrown });
  }
  if (/unknown plugin|plugin error|CLEAR_PASSWORD/i.test(`${name} ${known.message}`)) {
    return new TidemarkError('MYSQL_AUTH_PLUGIN', text, { cause: thrown });
  }
  return new TidemarkError(code, text, { cause: thrown });
}

const CERTIFICATE_ERROR = /CERT|UNABLE_TO_(GET_ISSUER|VERIFY)|^ERR_(SSL|TLS)_/;
const NO_TLS_CURE =
  'Give the server a certificate (ssl_cert, ssl_key and ssl_ca in its configuration, then a ' +
  'restart), or set database.ssl.mode to preferred or disabled.';

/** An AggregateError of Node's (both address families failed) has no message of its own. */
function messageOf(error: Error): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return error.errors.map((one) => (one instanceof Error ? messageOf(one) : '')).join('; ');
  }
  return error.message;
}
