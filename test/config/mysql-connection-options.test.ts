import { expect, test } from 'vitest';
import {
  MYSQL_CONNECTION_OPTIONS,
  MYSQL_CONNECTION_RULES,
} from '../../src/config/mysql-connection-options.ts';
import { examineOptions } from '../../src/config/resolve-options.ts';
import { serverAddresses } from '../../src/config/source-connection-options.ts';

function examine(input: Record<string, unknown>) {
  return examineOptions(
    MYSQL_CONNECTION_OPTIONS,
    { 'database.hostname': 'h', 'database.user': 'u', ...input },
    {
      where: 's',
      providers: { environment: {}, folder: '/' },
      rules: MYSQL_CONNECTION_RULES,
    },
  );
}

test('without a word the port is 3306, TLS is tried, and the id of the replica is derived', () => {
  const { options, problems } = examine({});
  expect(problems).toEqual([]);
  expect(serverAddresses(options)).toEqual([{ host: 'h', port: 3306 }]);
  expect(options.string('database.ssl.mode')).toBe('preferred');
  expect(options.has('database.server.id')).toBe(false);
});

test.each([
  ['disable', 'disabled'],
  ['trust', 'required'],
  ['verify-ca', 'verify_ca'],
  ['verify-full', 'verify_identity'],
  ['REQUIRED', 'required'],
  ['verify_identity', 'verify_identity'],
])("database.ssl.mode: %s, MySQL's or MariaDB's, is %s", (written, mode) => {
  const { options, problems } = examine({ 'database.ssl.mode': written });
  expect(problems).toEqual([]);
  expect(options.string('database.ssl.mode')).toBe(mode);
});

// An id must not be 0 (PITFALLS B4), and has 32 bits.
test.each([
  [{ 'database.server.id': '0' }, 'database.server.id'],
  [{ 'database.server.id': '4294967296' }, 'database.server.id'],
  [{ 'database.port': '1,2' }, 'names 2 ports for 1 hosts'],
  [{ 'database.ssl.cert': '/c.pem' }, 'belong together'],
  [{ 'database.ssl.keystore': '/k.jks' }, 'give PEM files: database.ssl.cert'],
  [{ 'database.ssl.truststore': '/t.jks' }, 'keytool -exportcert'],
  [{ 'database.useSSL': 'true' }, 'use database.ssl.mode'],
  [{ 'driver.sslMode': 'verify-full' }, 'use database.ssl.mode'],
  [{ 'driver.trustStore': '/t.jks' }, 'use database.ssl.ca'],
  [{ 'database.sessionVariables': 'sql_mode=ANSI' }, 'use database.initial.statements'],
  [{ 'database.zeroDateTimeBehavior': 'ROUND' }, 'use zero.date.handling.mode'],
])('%j is refused', (input, message) => {
  expect(examine(input).problems.map((problem) => problem.message)).toEqual([
    expect.stringContaining(message),
  ]);
});

test.each([
  ['database.server.id.offset', 'only the stream registers'],
  ['connect.keep.alive', 'heartbeats of the server'],
  ['database.allowPublicKeyRetrieval', 'is always asked for'],
  ['database.connectionTimeZone', 'sessions are in UTC'],
  ['binlog.net.read.timeout', 'sends nothing'],
])('%s has no effect', (name, why) => {
  const { options, problems } = examine({ [name]: '1' });
  expect(problems).toEqual([]);
  expect(options.warnings).toEqual([expect.stringContaining(why)]);
});

test('what switches the TLS of a driver off asks for nothing', () => {
  expect(examine({ 'database.useSSL': 'false' }).problems).toEqual([]);
});
