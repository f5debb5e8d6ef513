import type { Option } from './option.ts';
import { acceptedOptions, refusedOptions } from './option-table.ts';
import type { OptionRule } from './resolve-options.ts';
import {
  accountOptions,
  clientKeyRule,
  HOST_RULES,
  hostOptions,
  SESSION_OPTIONS,
} from './source-connection-options.ts';

const FILE_NAME = { kind: 'string' } as const;

const TLS_OPTIONS: readonly Option[] = [
  {
    name: 'database.ssl.mode',
    type: {
      kind: 'enum',
      values: ['disabled', 'preferred', 'required', 'verify_ca', 'verify_identity'],
      // As MariaDB's own programs and Debezium's class for it have them.
      aliases: {
        disable: 'disabled',
        trust: 'required',
        'verify-ca': 'verify_ca',
        'verify-full': 'verify_identity',
      },
    },
    default: 'preferred',
    doc:
      'TLS as MySQL means it: only verify_ca and verify_identity check who answers. Also ' +
      'disable, trust, verify-ca and verify-full, as MariaDB has them.',
  },
  {
    name: 'database.ssl.ca',
    type: FILE_NAME,
    doc: "PEM file with the authorities to trust. Absent: the system's.",
  },
  { name: 'database.ssl.cert', type: FILE_NAME, doc: 'PEM file with the client certificate.' },
  { name: 'database.ssl.key', type: FILE_NAME, doc: 'PEM file with the key of the client.' },
  {
    name: 'database.ssl.key.password',
    type: { kind: 'string' },
    secret: true,
    doc: 'Password of an encrypted database.ssl.key.',
  },
];

const JKS = 'Java key stores cannot be read; give PEM files: ';
const AUTHORITIES = `${JKS}database.ssl.ca (keytool -exportcert -rfc -keystore FILE -alias NAME)`;
const CLIENT = `${JKS}database.ssl.cert and database.ssl.key`;
const TLS_MODE = 'use database.ssl.mode';
const TLS_FILES = 'use database.ssl.ca, database.ssl.cert and database.ssl.key';

/**
 * What the original hands to its JDBC driver under either prefix. Passed over, these would leave a
 * connection without the protection, or values without the form, that was asked for.
 */
const DRIVER_REFUSED: Readonly<Record<string, string>> = {
  sslMode: TLS_MODE,
  useSSL: TLS_MODE,
  useSsl: TLS_MODE,
  requireSSL: TLS_MODE,
  verifyServerCertificate: TLS_MODE,
  trustServerCertificate: TLS_MODE,
  trustCertificateKeyStoreUrl: TLS_FILES,
  trustCertificateKeyStorePassword: TLS_FILES,
  clientCertificateKeyStoreUrl: TLS_FILES,
  clientCertificateKeyStorePassword: TLS_FILES,
  serverSslCert: TLS_FILES,
  trustStore: TLS_FILES,
  trustStorePassword: TLS_FILES,
  keyStore: TLS_FILES,
  keyStorePassword: TLS_FILES,
  sessionVariables: 'use database.initial.statements',
  zeroDateTimeBehavior: 'use zero.date.handling.mode',
  tinyInt1isBit: 'use tinyint.one.handling.mode',
};

const IN_UTC = 'sessions are in UTC, in which TIMESTAMP is exact; DATETIME has no time zone';

/** How a source reaches its server, or its servers. */
export const MYSQL_CONNECTION_OPTIONS: readonly Option[] = [
  ...hostOptions('3306'),
  ...accountOptions(
    'Account that captures; it needs REPLICATION SLAVE, REPLICATION CLIENT (BINLOG MONITOR on ' +
      'MariaDB), SELECT on the captured tables, and RELOAD or LOCK TABLES for a snapshot.',
  ),
  ...TLS_OPTIONS,
  ...SESSION_OPTIONS,
  {
    name: 'database.server.id',
    type: { kind: 'int', min: 1, max: 4_294_967_295 },
    doc:
      'Number of the replica as which the stream registers, one that no other replica of the ' +
      'server has. Absent: derived from the name of the pipeline, and another if it is taken.',
  },
  {
    name: 'connect.timeout.ms',
    type: { kind: 'duration', min: 1 },
    default: '30000',
    doc: 'How long opening a connection may take.',
  },
  {
    name: 'connect.keep.alive.interval.ms',
    type: { kind: 'duration', min: 1000 },
    default: '60000',
    doc:
      'How long the stream may be silent before its connection counts as dead; the server is ' +
      'told to send heartbeats more often than that.',
  },
  {
    name: 'binlog.net.write.timeout',
    type: { kind: 'int', min: 0, max: 31_536_000 },
    default: '0',
    doc:
      'Seconds that the server waits for a stream that does not read, before it gives it up. 0: ' +
      'as the server is set.',
  },
  ...acceptedOptions({
    'database.server.id.offset': 'only the stream registers as a replica',
    'connection.validation.timeout.ms': 'connect.timeout.ms is used',
    'connect.keep.alive': 'always on, by heartbeats of the server',
    'connect.keep.alive.max.reconnect.attempts': 'errors.max.retries decides',
    'use.nongraceful.disconnect': 'a connection that counts as dead is cut at once',
    'binlog.net.read.timeout': 'a stream sends nothing that the server would wait for',
    'database.jdbc.driver': 'there is no JDBC driver',
    'database.protocol': 'there is no JDBC driver',
    'database.allowPublicKeyRetrieval':
      'the key of the server is always asked for where only it can hide the password',
    'database.connectionTimeZone': IN_UTC,
    'database.forceConnectionTimeZoneToSession': IN_UTC,
    'database.serverTimezone': IN_UTC,
    'database.timezone': IN_UTC,
  }),
  ...refusedOptions({
    'database.ssl.truststore': AUTHORITIES,
    'database.ssl.truststore.password': AUTHORITIES,
    'database.ssl.keystore': CLIENT,
    'database.ssl.keystore.password': CLIENT,
    ...Object.fromEntries(
      ['database', 'driver'].flatMap((prefix) =>
        Object.entries(DRIVER_REFUSED).map(([name, reason]) => [`${prefix}.${name}`, reason]),
      ),
    ),
  }),
];

/** Rules over several properties. */
export const MYSQL_CONNECTION_RULES: readonly OptionRule[] = [
  ...HOST_RULES,
  clientKeyRule('database.ssl.key', 'database.ssl.cert'),
];
