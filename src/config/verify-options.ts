import { isTimeZone, parseDailyHours } from './daily-hours.ts';
import type { Option } from './option.ts';
import type { OptionRule } from './resolve-options.ts';
import { MOST_SEED, parseSampleAmount } from './sample-amount.ts';

/** The section `verify`: comparing source and targets inside of the daemon. */
export const VERIFY_OPTIONS: readonly Option[] = [
  {
    name: 'schedule',
    type: { kind: 'duration', min: 1_000 },
    doc:
      'Compare so long after the last comparison began: `24h`. Absent: never. The first one is ' +
      'due at once.',
  },
  {
    name: 'window',
    type: { kind: 'string' },
    doc:
      'Only in these hours of the day: `22:00-06:00`, several with commas. Outside of them a ' +
      'comparison does not begin, and one that is under way rests.',
  },
  {
    name: 'window.timezone',
    type: { kind: 'string' },
    default: 'UTC',
    doc: 'Time zone of `window`.',
  },
  {
    name: 'tables',
    type: { kind: 'regex-list' },
    doc: 'Only tables whose `schema.table` one of these matches. Absent: all.',
  },
  {
    name: 'rows.per.second',
    type: { kind: 'int', min: 1 },
    default: '5000',
    doc: 'Rows of the source that are read a second at most.',
  },
  {
    name: 'sample',
    type: { kind: 'string' },
    doc:
      'Compare only so many rows of each table, or such a part (`1%`), at random places, as ' +
      '`tidemark verify --sample` does; each comparison takes others. Absent: all rows.',
  },
  {
    name: 'seed',
    type: { kind: 'int', min: 1, max: MOST_SEED },
    doc: 'Chooses the places of `sample`, the same ones in each comparison.',
  },
  {
    name: 'repair',
    type: { kind: 'boolean' },
    default: 'false',
    doc: 'Have the source tell again what differs, as `tidemark verify --repair` does.',
  },
  {
    name: 'wait.ms',
    type: { kind: 'duration', min: 1 },
    default: '60s',
    doc: 'How long a sink that does not come nearer is waited for before a comparison is given up.',
  },
];

/** Rules over several properties. */
export const VERIFY_RULES: readonly OptionRule[] = [
  {
    properties: ['sample'],
    check: (options) => {
      const text = options.optionalString('sample');
      return text === undefined || parseSampleAmount(text) !== undefined
        ? undefined
        : 'must be a number of rows, or a part such as 1%';
    },
  },
  {
    properties: ['seed', 'sample'],
    check: (options) =>
      options.has('seed') && !options.has('sample')
        ? 'chooses the places of sample, and without that all rows are compared'
        : undefined,
  },
  {
    properties: ['window'],
    check: (options) => {
      const text = options.optionalString('window');
      return text === undefined || parseDailyHours(text) !== undefined
        ? undefined
        : 'must have the form 22:00-06:00, with commas between several';
    },
  },
  {
    properties: ['window.timezone'],
    check: (options) =>
      isTimeZone(options.string('window.timezone'))
        ? undefined
        : 'is not the name of a time zone; there are UTC, Europe/Berlin, America/New_York, …',
  },
];
