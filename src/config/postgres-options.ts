import type { Option } from './option.ts';
import { withDefaults } from './option-table.ts';
import {
  POSTGRES_CONNECTION_OPTIONS,
  POSTGRES_CONNECTION_RULES,
} from './postgres-connection-options.ts';
import { POSTGRES_GUARD_OPTIONS, POSTGRES_GUARD_RULES } from './postgres-guard-options.ts';
import { POSTGRES_LAST_STAGE_OPTIONS, POSTGRES_LAST_STAGE_RULES } from './last-stage-options.ts';
import { POSTGRES_RENAMED_OPTIONS } from './postgres-renamed-options.ts';
import { POSTGRES_SHAPING_OPTIONS } from './postgres-shaping-options.ts';
import { POSTGRES_SNAPSHOT_OPTIONS, POSTGRES_SNAPSHOT_RULES } from './postgres-snapshot-options.ts';
import { POSTGRES_UNUSED_OPTIONS } from './postgres-unused-options.ts';
import type { OptionRule } from './resolve-options.ts';
import { DEBEZIUM_POSTGRES_CLASS, POSTGRES_CLASS } from './source-family.ts';
import { HEARTBEAT_OPTIONS } from './source-guard-options.ts';
import {
  DEBEZIUM_SOURCE_DEFAULTS,
  identityOptions,
  SOURCE_OPTIONS,
  SOURCE_RULES,
} from './source-options.ts';
import { exclusive } from './source-shaping-options.ts';

const PGOUTPUT = 'use pgoutput, which every server has; slots of other plug-ins cannot be read';

/** What files of all ages name, also for managed servers. */
const OTHER_PLUGINS = Object.fromEntries(
  ['decoderbufs', 'wal2json', 'wal2json_streaming', 'wal2json_rds', 'wal2json_rds_streaming'].map(
    (name) => [name, PGOUTPUT],
  ),
);

const SLOT_OPTIONS: readonly Option[] = [
  {
    name: 'plugin.name',
    type: {
      kind: 'enum',
      values: ['pgoutput'],
      refused: OTHER_PLUGINS,
    },
    default: 'pgoutput',
    doc: 'Decoding plug-in of the slot. Absent means pgoutput, for the Java class name too.',
  },
  {
    name: 'slot.name',
    type: { kind: 'string' },
    doc: 'Replication slot; created when it is missing. Absent: `tidemark_` and the topic prefix.',
  },
  {
    name: 'slot.drop.on.stop',
    type: { kind: 'boolean' },
    default: 'false',
    doc: 'Drop the slot at a clean stop. For tests only: changes made meanwhile are lost.',
  },
  {
    name: 'slot.failover',
    type: { kind: 'boolean' },
    default: 'false',
    doc: 'Standbys keep a copy of the slot, for a failover (PostgreSQL 17 and newer).',
  },
  {
    name: 'slot.two.phase',
    type: { kind: 'boolean' },
    default: 'false',
    doc:
      'Take prepared transactions at PREPARE TRANSACTION and keep them until they commit ' +
      '(PostgreSQL 15 and newer). Until then the slot holds the WAL from there on.',
  },
  {
    name: 'large.transaction.mode',
    type: { kind: 'enum', values: ['spool', 'server'] },
    default: 'spool',
    doc:
      'Large transactions: `spool` takes them while they run and keeps them in files beside the ' +
      'log until they commit; `server` leaves them to the server.',
  },
  {
    name: 'large.transaction.bytes',
    type: { kind: 'bytes', min: 65_536 },
    default: '65536',
    doc:
      'From which size on a transaction is taken while it runs: logical_decoding_work_mem of the ' +
      'session. Small commits wait that much shorter.',
  },
  {
    name: 'slot.max.retries',
    type: { kind: 'int', min: 0 },
    default: '6',
    doc: 'Attempts while another process holds the slot.',
  },
  {
    name: 'slot.retry.delay.ms',
    type: { kind: 'duration', min: 0 },
    default: '10000',
    doc: 'Wait between these attempts.',
  },
  {
    name: 'slot.stream.params',
    type: { kind: 'string' },
    doc: 'Further options of START_REPLICATION: `name=value;name=value`, e.g. `origin=any`.',
  },
  {
    name: 'publication.name',
    type: { kind: 'string' },
    doc: 'Publication to read. Absent: `tidemark_` and the topic prefix.',
  },
  {
    name: 'publication.autocreate.mode',
    type: {
      kind: 'enum',
      values: ['filtered', 'all_tables', 'disabled', 'no_tables'],
    },
    default: 'filtered',
    doc: 'filtered: keep a publication of the captured tables. all_tables: superusers only.',
  },
  {
    name: 'publish.via.partition.root',
    type: { kind: 'boolean' },
    default: 'false',
    doc: 'Changes of partitions appear as changes of the partitioned table.',
  },
  {
    name: 'publish.generated.columns',
    type: { kind: 'enum', values: ['none', 'stored'] },
    doc:
      'Whether the publication that is kept sends stored generated columns (PostgreSQL 18 and ' +
      'newer). Absent: as it is; a new one sends none.',
  },
  {
    name: 'status.update.interval.ms',
    type: { kind: 'duration', min: 100 },
    default: '10000',
    doc: 'How often the server is told which WAL may go.',
  },
  ...HEARTBEAT_OPTIONS,
];

const BASE_TABLE: readonly Option[] = [
  ...identityOptions(POSTGRES_CLASS, DEBEZIUM_POSTGRES_CLASS),
  ...POSTGRES_CONNECTION_OPTIONS,
  ...SLOT_OPTIONS,
  ...POSTGRES_GUARD_OPTIONS,
  ...POSTGRES_SNAPSHOT_OPTIONS,
  ...POSTGRES_SHAPING_OPTIONS,
  ...SOURCE_OPTIONS,
  ...POSTGRES_LAST_STAGE_OPTIONS,
  ...POSTGRES_UNUSED_OPTIONS,
  ...POSTGRES_RENAMED_OPTIONS,
];

/** Debezium's defaults where they differ from ours. */
const DEBEZIUM_DEFAULTS: Readonly<Record<string, string | null>> = {
  ...DEBEZIUM_SOURCE_DEFAULTS,
  'slot.name': 'debezium',
  'publication.name': 'dbz_publication',
  'publication.autocreate.mode': 'all_tables',
  'interval.handling.mode': 'numeric',
  'array.enum.elements.optional': 'false',
  'value.mode': 'debezium',
  'bit.varying.handling.mode': 'bits',
};

/** Options of `connector.class: postgres`. */
export const POSTGRES_OPTIONS: readonly Option[] = BASE_TABLE;

/** Options of Debezium's class. */
export const DEBEZIUM_POSTGRES_OPTIONS: readonly Option[] = withDefaults(
  BASE_TABLE,
  DEBEZIUM_DEFAULTS,
);

const TEXT_ONLY = 'columns are read as text';

/** Options of the stream, or values of them, that would break what is built on it. */
const REFUSED_STREAM_PARAMS: Readonly<Record<string, string>> = {
  publication_names: 'use publication.name',
  two_phase: 'use slot.two.phase',
  'streaming=parallel': 'use large.transaction.mode',
  'binary=true': TEXT_ONLY,
  'binary=on': TEXT_ONLY,
  'binary=1': TEXT_ONLY,
};

/** Rules over several properties. */
export const POSTGRES_RULES: readonly OptionRule[] = [
  ...POSTGRES_CONNECTION_RULES,
  ...POSTGRES_GUARD_RULES,
  ...POSTGRES_SNAPSHOT_RULES,
  ...POSTGRES_LAST_STAGE_RULES,
  ...SOURCE_RULES,
  exclusive('schema.include.list', 'schema.exclude.list'),
  exclusive('message.prefix.include.list', 'message.prefix.exclude.list'),
  {
    properties: ['slot.name'],
    check: (options) => identifierProblem(options.optionalString('slot.name'), /^[a-z0-9_]{1,63}$/),
  },
  {
    properties: ['slot.stream.params'],
    check: (options) => {
      const text = options.optionalString('slot.stream.params');
      if (text === undefined || text.split(';').every((part) => /^\s*(\w+=.*)?$/.test(part))) {
        return undefined;
      }
      return 'must have the form name=value;name=value';
    },
  },
  {
    properties: ['slot.stream.params'],
    check: (options) => {
      const parts = (options.optionalString('slot.stream.params') ?? '').split(';');
      const found = parts.flatMap((part) => {
        const [name = '', value = ''] = part.split('=').map((word) => word.trim().toLowerCase());
        const reason = REFUSED_STREAM_PARAMS[`${name}=${value}`] ?? REFUSED_STREAM_PARAMS[name];
        return reason === undefined ? [] : [`may not have ${part.trim()}: ${reason}`];
      });
      return found[0];
    },
  },
];

function identifierProblem(name: string | undefined, form: RegExp): string | undefined {
  if (name === undefined || form.test(name)) return undefined;
  return 'may have only lower-case letters, digits and underscore, at most 63';
}
