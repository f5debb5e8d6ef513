import type { Option } from './option.ts';
import type { OptionRule } from './resolve-options.ts';
import {
  accountOptions,
  clientKeyRule,
  HOST_RULES,
  hostOptions,
  SESSION_OPTIONS,
} from './source-connection-options.ts';

const FILE_NAME = { kind: 'string' } as const;

/** How the source reaches its server, or its servers. */
export const POSTGRES_CONNECTION_OPTIONS: readonly Option[] = [
  ...hostOptions('5432'),
  {
    name: 'database.target.session.attrs',
    type: {
      kind: 'enum',
      values: ['any', 'primary', 'standby', 'prefer-standby', 'read-write', 'read-only'],
    },
    doc:
      'Which of the servers will do, as libpq means it. Absent: primary where several hosts are ' +
      'named, otherwise any.',
  },
  ...accountOptions(
    'Role that captures; it needs LOGIN, REPLICATION and SELECT on the captured tables.',
  ),
  {
    name: 'database.dbname',
    type: { kind: 'string' },
    required: true,
    doc: 'Database to capture.',
  },
  {
    name: 'database.sslmode',
    type: {
      kind: 'enum',
      values: ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'],
      // The other way around it tries the same two.
      aliases: { allow: 'prefer' },
    },
    default: 'prefer',
    doc: 'TLS as libpq means it: only verify-ca and verify-full check who answers.',
  },
  {
    name: 'database.sslrootcert',
    type: FILE_NAME,
    doc: 'PEM file with the authorities to trust.',
  },
  { name: 'database.sslcert', type: FILE_NAME, doc: 'PEM file with the client certificate.' },
  { name: 'database.sslkey', type: FILE_NAME, doc: 'PEM file with the key of the client.' },
  {
    name: 'database.sslpassword',
    type: { kind: 'string' },
    secret: true,
    doc: 'Password of an encrypted database.sslkey.',
  },
  {
    name: 'connection.validation.timeout.ms',
    type: { kind: 'duration', min: 1 },
    default: '60000',
    doc: 'How long opening a connection may take.',
  },
  ...SESSION_OPTIONS,
];

/** Rules over several properties. */
export const POSTGRES_CONNECTION_RULES: readonly OptionRule[] = [
  ...HOST_RULES,
  clientKeyRule('database.sslkey', 'database.sslcert'),
];
