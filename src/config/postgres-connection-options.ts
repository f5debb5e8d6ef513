import type { Option, ResolvedOptions } from './option.ts';
import type { OptionRule } from './resolve-options.ts';

const FILE_NAME = { kind: 'string' } as const;

/** How the source reaches its server, or its servers. */
export const POSTGRES_CONNECTION_OPTIONS: readonly Option[] = [
  {
    name: 'database.hostname',
    type: { kind: 'string' },
    required: true,
    doc:
      'Host name or address of the server; several, separated by commas, are tried in this ' +
      'order, again after a failover.',
  },
  {
    name: 'database.port',
    type: { kind: 'string' },
    default: '5432',
    doc: 'Port of the server; with several hosts one for all of them, or one for each.',
  },
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
  {
    name: 'database.user',
    type: { kind: 'string' },
    required: true,
    doc: 'Role that captures; it needs LOGIN, REPLICATION and SELECT on the captured tables.',
  },
  {
    name: 'database.password',
    type: { kind: 'string' },
    secret: true,
    doc: 'Password of the role; better a reference such as `${env:NAME}` than the text itself.',
  },
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
    name: 'database.initial.statements',
    type: { kind: 'string' },
    doc:
      'SQL statements, separated by semicolons (`;;` is one as a character), run on each new ' +
      "connection but the stream's.",
  },
  {
    name: 'connection.validation.timeout.ms',
    type: { kind: 'duration', min: 1 },
    default: '60000',
    doc: 'How long opening a connection may take.',
  },
  {
    name: 'database.query.timeout.ms',
    type: { kind: 'duration', min: 0, max: 2_147_483_647 },
    default: '600000',
    doc:
      'How long a query may take: of the catalog, `heartbeat.action.query` and the like; not the ' +
      'reading of tables, which takes as long as they are large. 0: no limit.',
  },
];

/** Rules over several properties. */
export const POSTGRES_CONNECTION_RULES: readonly OptionRule[] = [
  {
    properties: ['database.port'],
    check: (options) =>
      parts(options.string('database.port')).every(
        (port) => /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65535,
      )
        ? undefined
        : 'must be 1 to 65535; with several hosts, one port or one for each, parted by commas',
  },
  {
    properties: ['database.port', 'database.hostname'],
    check: (options) => {
      const [ports, hosts] = [
        parts(options.string('database.port')).length,
        parts(options.string('database.hostname')).length,
      ];
      return ports === 1 || ports === hosts
        ? undefined
        : `names ${ports} ports for ${hosts} hosts: give one port, or one for each`;
    },
  },
  {
    properties: ['database.hostname'],
    check: (options) =>
      parts(options.string('database.hostname')).every((host) => host !== '')
        ? undefined
        : 'has an empty part',
  },
  {
    properties: ['database.sslkey', 'database.sslcert'],
    check: (options) =>
      options.has('database.sslkey') === options.has('database.sslcert')
        ? undefined
        : 'and database.sslcert belong together: give both or none',
  },
];

/** The servers of database.hostname and database.port, in order. */
export function serverAddresses(
  options: ResolvedOptions,
): readonly { readonly host: string; readonly port: number }[] {
  const ports = parts(options.string('database.port'));
  return parts(options.string('database.hostname')).map((host, index) => ({
    host,
    port: Number(ports[ports.length === 1 ? 0 : index]),
  }));
}

/** Statements parted by semicolons; a doubled one is a semicolon inside of a statement. */
export function splitStatements(text: string): readonly string[] {
  return text
    .split(/(?<!;);(?!;)/)
    .map((statement) => statement.replaceAll(';;', ';').trim())
    .filter((statement) => statement !== '');
}

function parts(text: string): readonly string[] {
  return text.split(',').map((part) => part.trim());
}
