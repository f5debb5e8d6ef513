import { expect, test } from 'vitest';
import type { ErrorCode } from '../../../src/foundation/error-table.ts';
import { TidemarkError } from '../../../src/foundation/errors.ts';
import {
  errorFromConnect,
  errorFromUse,
  mysqlErrorFrom,
} from '../../../src/source/mysql/mysql-errors.ts';

const WHERE = { host: 'db', port: 3306 };

/** The words are those of MySQL 5.7, 8.0 and 9.7 and of MariaDB 10.11, typed again. */
const DUMP_ERRORS: readonly (readonly [string, ErrorCode, RegExp])[] = [
  [
    'Could not find first log file name in binary log index file',
    'MYSQL_BINLOG_LOST',
    /snapshot anew/,
  ],
  [
    'The slave is connecting using CHANGE MASTER TO MASTER_AUTO_POSITION = 1, but the master has ' +
      'purged binary logs containing GTIDs that the slave requires.',
    'MYSQL_BINLOG_LOST',
    /binlog_expire_logs_seconds/,
  ],
  [
    'Cannot replicate because the source purged required binary logs. Replicate the missing ' +
      'transactions from elsewhere, or provision a new replica from backup.',
    'MYSQL_BINLOG_LOST',
    /snapshot anew/,
  ],
  [
    'Could not find GTID state requested by slave in any binlog files. Probably the slave state ' +
      'is too old and required binlog files have been purged.',
    'MYSQL_BINLOG_LOST',
    /snapshot anew/,
  ],
  [
    "Replica has more GTIDs than the source has, using the source's SERVER_UUID. This may " +
      'indicate that the end of the binary log was truncated',
    'MYSQL_GTID_DIVERGED',
    /snapshot anew/,
  ],
  [
    "Error: connecting slave requested to start from GTID 0-1-999, which is not in the master's " +
      'binlog',
    'MYSQL_GTID_DIVERGED',
    /snapshot anew/,
  ],
  [
    'The binlog on the master is missing the GTID 0-1-5 requested by the slave (even though a ' +
      'subsequent sequence number does exist), and GTID strict mode is enabled',
    'MYSQL_GTID_DIVERGED',
    /snapshot anew/,
  ],
  [
    'The replication sender thread cannot start in AUTO_POSITION mode: this server has GTID_MODE ' +
      '= OFF instead of ON.',
    'MYSQL_GTID_MODE',
    /SET GLOBAL gtid_mode = ON/,
  ],
  [
    'Client requested master to start replication from position > file size',
    'MYSQL_POSITION',
    /sync_binlog = 1/,
  ],
  [
    'Client requested source to start replication from impossible position',
    'MYSQL_POSITION',
    /SHOW BINARY LOGS/,
  ],
  [
    'log event entry exceeded max_allowed_packet; Increase max_allowed_packet on source',
    'MYSQL_BINLOG_READ',
    /SET GLOBAL max_allowed_packet/,
  ],
  [
    "bogus data in log event; the first event 'binlog.000001' at 4, the last event read from " +
      "'binlog.000001' at 126",
    'MYSQL_BINLOG_READ',
    /error log/,
  ],
  [
    'Slave can not handle replication events with the checksum that master is configured to log',
    'MYSQL_BINLOG_READ',
    /binlog_checksum/,
  ],
  [
    'A replica with the same server_uuid/server_id as this replica has connected to the source; ' +
      "the first event 'binlog.000001' at 4",
    'MYSQL_REPLACED',
    /SHOW REPLICAS/,
  ],
  ['A slave with the same server id as this slave has connected', 'MYSQL_REPLACED', /SHOW/],
  ['Misconfigured master - server id was not set', 'MYSQL_BINLOG_OFF', /server_id/],
  ['Binary log is not open', 'MYSQL_BINLOG_OFF', /log_bin/],
];

test.each(DUMP_ERRORS)('1236 %s → %s (PITFALLS B19)', (message, code, cure) => {
  const error = mysqlErrorFrom({ errno: 1236, sqlState: 'HY000', message });
  expect(error.code).toBe(code);
  expect(error.message).toBe(`${message} (error 1236, SQLSTATE HY000)`);
  expect(error.cure).toMatch(cure);
});

const SERVER_ERRORS: readonly (readonly [number, string, ErrorCode, RegExp])[] = [
  [1045, "Access denied for user 'cdc'@'10.0.0.1' (using password: YES)", 'MYSQL_AUTH', /user/],
  [1040, 'Too many connections', 'MYSQL_CONNECTIONS_EXHAUSTED', /max_connections/],
  [1129, "Host '10.0.0.1' is blocked because of many connection errors", 'MYSQL_AUTH', /FLUSH/],
  [1130, "Host '10.0.0.1' is not allowed to connect to this server", 'MYSQL_AUTH', /hosts/],
  [1049, "Unknown database 'shop'", 'MYSQL_DATABASE_MISSING', /SHOW DATABASES/],
  [1053, 'Server shutdown in progress', 'MYSQL_CONNECTION_LOST', /resumes/],
  [1205, 'Lock wait timeout exceeded; try restarting transaction', 'MYSQL_LOCK_TIMEOUT', /SHOW/],
  [1381, 'You are not using binary logging', 'MYSQL_BINLOG_OFF', /log_bin/],
  [1862, 'Your password has expired.', 'MYSQL_AUTH', /ALTER USER/],
  [
    4052,
    'A slave with the same server_uuid/server_id is already connected',
    'MYSQL_REPLACED',
    /SHOW/,
  ],
  [1927, 'Connection was killed', 'MYSQL_CONNECTION_LOST', /resumes/],
  [1064, 'You have an error in your SQL syntax', 'MYSQL_SERVER', /number/],
  [3024, 'Query execution was interrupted', 'MYSQL_QUERY_TIMEOUT', /query\.timeout/],
  [3118, 'Access denied for user. Account is locked.', 'MYSQL_AUTH', /ACCOUNT UNLOCK/],
  [3159, 'Connections using insecure transport are prohibited', 'MYSQL_TLS', /required/],
  [
    1227,
    'Access denied; you need (at least one of) the SUPER, REPLICATION CLIENT privilege(s) for ' +
      'this operation',
    'MYSQL_PERMISSION',
    /^GRANT REPLICATION CLIENT ON \*\.\* TO <account>;/,
  ],
  [
    1227,
    'Access denied; you need (at least one of) the RELOAD or FLUSH_TABLES privilege(s) for this ' +
      'operation',
    'MYSQL_PERMISSION',
    /^GRANT RELOAD ON/,
  ],
  [
    1142,
    "SELECT command denied to user 'low'@'127.0.0.1' for table `shop`.`orders`",
    'MYSQL_PERMISSION',
    /^GRANT SELECT ON `shop`.`orders` TO/,
  ],
  [
    1142,
    "SELECT command denied to user 'low'@'127.0.0.1' for table 'orders'",
    'MYSQL_PERMISSION',
    /^GRANT SELECT ON <database>.orders TO/,
  ],
  [
    1044,
    "Access denied for user 'low'@'%' to database 'shop'",
    'MYSQL_PERMISSION',
    /^GRANT SELECT ON `shop`\.\* TO/,
  ],
  [1227, 'Zugriff verweigert', 'MYSQL_PERMISSION', /^GRANT REPLICATION SLAVE, REPLICATION CLIENT/],
];

test.each(SERVER_ERRORS)('%i %s → %s (PITFALLS B17)', (errno, message, code, cure) => {
  const error = mysqlErrorFrom({ errno, sqlState: '', message });
  expect(error.code).toBe(code);
  expect(error.message).toBe(`${message} (error ${errno})`);
  expect(error.cure).toMatch(cure);
});

function thrown(message: string, fields: object): Error {
  return Object.assign(new Error(message), fields);
}

test.each<readonly [string, unknown, ErrorCode, string]>([
  [
    'a closed port',
    thrown('connect ECONNREFUSED', { code: 'ECONNREFUSED', errno: -111 }),
    'MYSQL_CONNECT',
    'db:3306: connect ECONNREFUSED',
  ],
  [
    'a server that does not answer',
    thrown('connect ETIMEDOUT', { code: 'ETIMEDOUT' }),
    'MYSQL_CONNECT',
    'db:3306: connect ETIMEDOUT',
  ],
  [
    'no TLS',
    thrown('Server does not support secure connection', { code: 'HANDSHAKE_NO_SSL_SUPPORT' }),
    'MYSQL_TLS',
    'does not offer TLS',
  ],
  [
    'a certificate of nobody',
    thrown('self-signed certificate', { code: 'HANDSHAKE_SSL_ERROR' }),
    'MYSQL_TLS',
    'self-signed',
  ],
  [
    'another name in it',
    thrown('Hostname/IP does not match', { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }),
    'MYSQL_TLS',
    'does not match',
  ],
  [
    'a plug-in',
    thrown('Server requests authentication using unknown plugin client_ed25519.', {
      code: 'AUTH_SWITCH_PLUGIN_ERROR',
    }),
    'MYSQL_AUTH_PLUGIN',
    'client_ed25519',
  ],
  [
    'the server',
    thrown('Access denied', { errno: 1045, sqlState: '28000', code: 'ER_ACCESS_DENIED_ERROR' }),
    'MYSQL_AUTH',
    '(error 1045, SQLSTATE 28000)',
  ],
  [
    'both address families',
    new AggregateError([new Error('connect A'), new Error('connect B')], ''),
    'MYSQL_CONNECT',
    'connect A; connect B',
  ],
  ['what is no error', 'broken', 'MYSQL_CONNECT', 'broken'],
])('connecting: %s', (_name, cause, code, words) => {
  const error = errorFromConnect(cause, WHERE);
  expect(error.code).toBe(code);
  expect(error.message).toContain(words);
});

test('what breaks in use is a lost connection, and our own errors pass through', () => {
  const reset = thrown('read ECONNRESET', { code: 'ECONNRESET', errno: -104 });
  expect(errorFromUse(reset, WHERE)).toMatchObject({ code: 'MYSQL_CONNECTION_LOST', cause: reset });
  const own = new TidemarkError('INTERNAL', 'x');
  expect(errorFromUse(own, WHERE)).toBe(own);
});
