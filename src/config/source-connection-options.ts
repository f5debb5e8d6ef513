import type { Option, ResolvedOptions } from './option.ts';
import type { OptionRule } from './resolve-options.ts';

/** Where the server is, or the servers. */
export function hostOptions(port: string): readonly Option[] {
  return [
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
      default: port,
      doc: 'Port of the server; with several hosts one for all of them, or one for each.',
    },
  ];
}

/** Who captures: what the account needs is the family's. */
export function accountOptions(doc: string): readonly Option[] {
  return [
    { name: 'database.user', type: { kind: 'string' }, required: true, doc },
    {
      name: 'database.password',
      type: { kind: 'string' },
      secret: true,
      doc: 'Password of the role; better a reference such as `${env:NAME}` than the text itself.',
    },
  ];
}

/** What is run on connections, and how long it may take. */
export const SESSION_OPTIONS: readonly Option[] = [
  {
    name: 'database.initial.statements',
    type: { kind: 'string' },
    doc:
      'SQL statements, separated by semicolons (`;;` is one as a character), run on each new ' +
      "connection but the stream's.",
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

/** Rules over hosts and ports. */
export const HOST_RULES: readonly OptionRule[] = [
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
];

/** Certificate and key of the client: both or none. */
export function clientKeyRule(key: string, certificate: string): OptionRule {
  return {
    properties: [key, certificate],
    check: (options) =>
      options.has(key) === options.has(certificate)
        ? undefined
        : `and ${certificate} belong together: give both or none`,
  };
}

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
