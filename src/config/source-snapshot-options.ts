import { isTimeZone, parseDailyHours } from './daily-hours.ts';
import type { Option, ResolvedOptions } from './option.ts';
import type { OptionRule } from './resolve-options.ts';

/** Where the flags of `configuration_based` begin. */
export const BASED = 'snapshot.mode.configuration.based';
const OVERRIDES = 'snapshot.select.statement.overrides';

/** With `snapshot.mode: configuration_based`. */
const BASED_OPTIONS: readonly Option[] = [
  {
    name: `${BASED}.snapshot.data`,
    type: { kind: 'boolean' },
    default: 'false',
    doc: 'With `configuration_based`: tables are read at every start.',
  },
  {
    name: `${BASED}.start.stream`,
    type: { kind: 'boolean' },
    default: 'false',
    doc: 'With `configuration_based`: the stream follows.',
  },
  {
    name: `${BASED}.snapshot.on.data.error`,
    type: { kind: 'boolean' },
    default: 'false',
    doc: 'With `configuration_based`: a lost slot is a reason to read; needs `…snapshot.data`.',
  },
];

const CHOOSING: readonly Option[] = [
  {
    name: OVERRIDES,
    type: { kind: 'list' },
    doc:
      'Tables `schema.table` whose rows come from a SELECT of yours, in every snapshot but ' +
      'incremental ones.',
  },
  {
    name: `${OVERRIDES}.<table>`,
    type: { kind: 'string' },
    doc: 'The SELECT of the table: every captured column under its own name, in any order.',
  },
  {
    name: 'snapshot.query.mode',
    type: {
      kind: 'enum',
      values: ['select_all'],
      refused: { custom: `Java classes cannot be loaded; use ${OVERRIDES}` },
    },
    default: 'select_all',
    doc: 'All rows are read, or what a SELECT override gives.',
  },
];

const LIMITS: readonly Option[] = [
  {
    name: 'snapshot.max.rows.per.second',
    type: { kind: 'int', min: 0 },
    default: '0',
    doc:
      'Rows that snapshots read per second, over all connections. While a blocking snapshot or a ' +
      'table without a key is read, the stream waits. 0: no limit.',
  },
  {
    name: 'snapshot.window',
    type: { kind: 'string' },
    doc:
      'Hours of the day for reading tables, `22:00-06:00`. Outside of them no read begins, no ' +
      'transaction is open, and the stream runs; what is read as a whole is read to its end.',
  },
  {
    name: 'snapshot.window.timezone',
    type: { kind: 'string' },
    default: 'UTC',
    doc: 'Time zone of `snapshot.window`, as `Europe/Berlin`.',
  },
  {
    name: 'snapshot.delay.ms',
    type: { kind: 'duration', min: 0 },
    default: '0',
    doc: 'Wait before a first snapshot begins.',
  },
  {
    name: 'streaming.delay.ms',
    type: { kind: 'duration', min: 0 },
    default: '0',
    doc: 'Wait between a first snapshot and the stream.',
  },
];

const READING: readonly Option[] = [
  {
    name: 'snapshot.max.threads',
    type: { kind: 'int', min: 1, max: 64 },
    default: '4',
    doc: 'Connections that read the snapshot side by side.',
  },
  {
    name: 'snapshot.fetch.size',
    type: { kind: 'int', min: 0 },
    default: '10240',
    doc:
      'Rows of a table that are taken over at most before the log is asked for room. They come ' +
      'by COPY, without round trips: fewer only save memory. 0: as many as a buffer has.',
  },
  {
    name: 'snapshot.lock.timeout.ms',
    type: { kind: 'duration', min: 0 },
    default: '10000',
    doc: 'How long the snapshot may wait for a lock on a table.',
  },
  {
    name: 'snapshot.include.collection.list',
    type: { kind: 'regex-list' },
    doc: 'Tables that the first snapshot reads, `schema.table`; absent: all captured ones.',
  },
  {
    name: 'snapshot.tables.order.by.row.count',
    type: { kind: 'enum', values: ['disabled', 'ascending', 'descending'] },
    default: 'disabled',
    doc: 'Small or large tables first, by the estimate of the catalog.',
  },
];

/** What follows DDL that changes stored rows without an event. */
const DDL_REWRITES: Option = {
  name: 'ddl.rewrites',
  type: { kind: 'enum', values: ['snapshot', 'trust_widening', 'warn'] },
  default: 'snapshot',
  doc:
    'When DDL changes stored rows, which no event tells of: read the table again beside the ' +
    'stream, or only say so. Both warn; a constant default of a new column is neither. ' +
    '`trust_widening` is `snapshot`, but takes it of PostgreSQL that a column keeps its values ' +
    'when its type becomes wider (`int` to `bigint`): its catalog does not tell whether there ' +
    'was a USING that changed them. Statements of MySQL and MariaDB tell it in any case.',
};

const INCREMENTAL: readonly Option[] = [
  DDL_REWRITES,
  {
    name: 'incremental.snapshot.chunk.size',
    type: { kind: 'int', min: 1 },
    default: '1024',
    doc: 'Rows that an incremental snapshot reads at once.',
  },
  {
    name: 'read.only',
    type: { kind: 'boolean' },
    default: 'false',
    doc: 'Write nothing to the source for snapshots; a chunk may end later when that is idle.',
  },
  {
    name: 'incremental.snapshot.watermarking.strategy',
    type: { kind: 'enum', values: ['none', 'insert_insert', 'insert_delete'] },
    default: 'none',
    doc:
      'Rows in signal.data.collection that mark the windows of incremental snapshots, for those ' +
      'who read its topic; which rows are current is decided without them.',
  },
];

/** How tables are read, at first and again, as far as all families have it. */
export const SOURCE_SNAPSHOT_OPTIONS: readonly Option[] = [
  ...BASED_OPTIONS,
  ...READING,
  ...CHOOSING,
  ...LIMITS,
  ...INCREMENTAL,
];

/** What the flags of configuration_based come to. */
export function modeOfConfiguration(
  options: ResolvedOptions,
): 'always' | 'always_only' | 'no_data' {
  const streams = options.boolean(`${BASED}.start.stream`);
  if (!options.boolean(`${BASED}.snapshot.data`)) return 'no_data';
  return streams ? 'always' : 'always_only';
}

/** The SELECTs of snapshot.select.statement.overrides, by `schema.table`. */
export function selectOverrides(
  options: ResolvedOptions,
): readonly { readonly table: string; readonly statement: string }[] {
  return options.list(OVERRIDES).map((name) => ({
    table: plainTableName(name),
    statement: options.optionalString(`${OVERRIDES}.${name}`) ?? '',
  }));
}

/** As the original names tables: quoted, or with the database in front. */
function plainTableName(name: string): string {
  const parts = name.replaceAll(/["`]/g, '').split('.');
  return parts.length > 2 ? parts.slice(-2).join('.') : parts.join('.');
}

function streamFollows(options: ResolvedOptions): boolean {
  const mode = options.string('snapshot.mode');
  if (mode === 'configuration_based') return options.boolean(`${BASED}.start.stream`);
  return mode !== 'initial_only';
}

/** Something that is read beside the stream, which must follow. */
export const needsStream = (
  name: string,
  isSet: (options: ResolvedOptions) => boolean,
): OptionRule => ({
  properties: [name, 'snapshot.mode'],
  check: (options) =>
    isSet(options) && !streamFollows(options)
      ? 'needs a stream to read the rest beside: choose another snapshot.mode'
      : undefined,
});

/** Rules over these properties. */
export const SOURCE_SNAPSHOT_RULES: readonly OptionRule[] = [
  {
    properties: ['snapshot.mode'],
    check: (options) => {
      if (options.string('snapshot.mode') !== 'configuration_based') return undefined;
      if (options.boolean(`${BASED}.snapshot.data`)) return undefined;
      if (options.boolean(`${BASED}.snapshot.on.data.error`)) {
        return `has ${BASED}.snapshot.on.data.error without …snapshot.data; use when_needed`;
      }
      return options.boolean(`${BASED}.start.stream`)
        ? undefined
        : `has neither ${BASED}.snapshot.data nor …start.stream: nothing would be done`;
    },
  },
  {
    properties: [OVERRIDES],
    check: (options) => {
      const listed = options.list(OVERRIDES);
      const bare = listed.find((name) => !options.has(`${OVERRIDES}.${name}`));
      if (bare !== undefined) return `names ${bare}, and there is no ${OVERRIDES}.${bare}`;
      const unlisted = options
        .names()
        .filter((name) => name.startsWith(`${OVERRIDES}.`))
        .find((name) => !listed.includes(name.slice(OVERRIDES.length + 1)));
      return unlisted === undefined
        ? undefined
        : `does not name ${unlisted.slice(OVERRIDES.length + 1)}, so its SELECT would not be used`;
    },
  },
  {
    properties: ['snapshot.window'],
    check: (options) => {
      const text = options.optionalString('snapshot.window');
      return text === undefined || parseDailyHours(text) !== undefined
        ? undefined
        : 'must have the form 22:00-06:00, with commas between several';
    },
  },
  {
    properties: ['snapshot.window.timezone'],
    check: (options) =>
      isTimeZone(options.string('snapshot.window.timezone'))
        ? undefined
        : 'is not the name of a time zone; there are UTC, Europe/Berlin, America/New_York, …',
  },
  needsStream('snapshot.window', (options) => options.has('snapshot.window')),
];
