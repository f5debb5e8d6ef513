import { REACH_RULES, THRESHOLD_RULES } from './alert-reach.ts';
import { parseThreshold } from './alert-threshold.ts';
import { isTimeZone, parseDailyHours } from './daily-hours.ts';
import type { Option } from './option.ts';
import type { OptionRule } from './resolve-options.ts';

/** Severities as they are written. */
export const SEVERITY_WORDS = ['info', 'warning', 'breaking', 'critical'] as const;

/** Days as they are written, in the order of `Date.getUTCDay`. */
export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

/** The section `alerts` itself. Its lists `channels`, `rules` and `maintenance` come beside. */
export const ALERT_OPTIONS: readonly Option[] = [
  {
    name: 'repeat.interval',
    type: { kind: 'duration', min: 0 },
    default: '4h',
    doc: 'What still holds is told again after this time; 0: never.',
  },
  {
    name: 'resolve.after',
    type: { kind: 'duration', min: 0 },
    default: '15s',
    doc: 'All must be well for so long before that is told: what comes and goes is told once.',
  },
  {
    name: 'history.max',
    type: { kind: 'int', min: 10, max: 100_000 },
    default: '1000',
    doc: 'Alerts that are kept to be looked up, also to know what was told already.',
  },
];

/** Which alerts are meant: by class, table and sink. */
export const FILTER_OPTIONS: readonly Option[] = [
  {
    name: 'classes',
    type: { kind: 'regex-list' },
    doc: 'Of these classes alone, for example `lag\\..*, schema\\.column_.*`.',
  },
  {
    name: 'tables',
    type: { kind: 'regex-list' },
    doc: 'Of these tables alone: `schema.table`, of MySQL `database.table`.',
  },
  { name: 'sinks', type: { kind: 'regex-list' }, doc: 'Of these sinks alone.' },
];

/** Entries of `rules`: the first one that fits says how an alert is taken. */
export const ALERT_RULE_OPTIONS: readonly Option[] = [
  ...FILTER_OPTIONS,
  {
    name: 'enabled',
    type: { kind: 'boolean' },
    default: 'true',
    doc: 'false: such alerts are none.',
  },
  {
    name: 'severity',
    type: { kind: 'enum', values: SEVERITY_WORDS },
    doc: 'Instead of the one that the alert has.',
  },
  {
    name: 'threshold',
    type: { kind: 'string' },
    doc: 'Of what is measured: `90s`, `5gb`, `10%`, a count. At the threshold all is well.',
  },
  {
    name: 'for',
    type: { kind: 'duration', min: 0 },
    doc: 'How long it must hold without a break before it is told.',
  },
  {
    name: 'repeat.interval',
    type: { kind: 'duration', min: 0 },
    doc: 'Instead of that of the section.',
  },
];

/** Entries of `maintenance`: what begins in a window is told when it still holds at its end. */
export const MAINTENANCE_OPTIONS: readonly Option[] = [
  ...FILTER_OPTIONS,
  { name: 'from', type: { kind: 'string' }, doc: 'Begin of a single window: `2026-12-01T22:00Z`.' },
  { name: 'to', type: { kind: 'string' }, doc: 'Its end.' },
  {
    name: 'hours',
    type: { kind: 'string' },
    doc: 'Of a window that returns: `22:00-06:00`, several with commas.',
  },
  {
    name: 'days',
    type: { kind: 'list' },
    doc: 'Days on which its hours begin: `sat, sun`; by default every day.',
  },
  {
    name: 'timezone',
    type: { kind: 'string' },
    default: 'UTC',
    doc: 'Whose hours and days these are, for example `Europe/Berlin`.',
  },
];

/** Ms since 1970 of `2026-12-01T22:00Z`; null without a time zone, in which it would be a guess. */
export function parseInstant(text: string): number | null {
  const form = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/i;
  const ms = form.test(text) ? Date.parse(text.replace(' ', 'T')) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}

/** Rules over several properties of an entry of `rules`. */
export const ALERT_RULE_RULES: readonly OptionRule[] = [
  {
    properties: ['threshold'],
    check: (options) => {
      const text = options.optionalString('threshold');
      return text === undefined || parseThreshold(text) !== null
        ? undefined
        : 'must be a duration (90s), a size (5gb), a share (10%) or a count';
    },
  },
  {
    properties: ['classes', 'tables', 'sinks'],
    check: (options) =>
      ['classes', 'tables', 'sinks'].some((name) => options.has(name))
        ? undefined
        : 'is required, or tables, or sinks: what is the rule for?',
  },
  ...REACH_RULES,
  ...THRESHOLD_RULES,
];

/** … of an entry of `maintenance`. */
export const MAINTENANCE_RULES: readonly OptionRule[] = [
  ...REACH_RULES,
  {
    properties: ['hours', 'days', 'from', 'to', 'timezone'],
    check: (options) => {
      const [from, to] = [options.optionalString('from'), options.optionalString('to')];
      const hours = options.optionalString('hours');
      const isSingle = from !== undefined || to !== undefined;
      if (isSingle && (hours !== undefined || options.has('days')))
        return 'is of a window that returns, from and to of a single one: one of them';
      if (isSingle) return singleProblem(from, to);
      if (hours === undefined && !options.has('days'))
        return 'is required, or days, or from and to';
      if (hours !== undefined && parseDailyHours(hours) === undefined)
        return 'must have the form 22:00-06:00, several with commas';
      const day = options.list('days').find((word) => !isWeekday(word));
      if (day !== undefined) return `stands beside days, where ${day} is none: ${WEEKDAYS.join()}`;
      if (!isTimeZone(options.string('timezone'))) return 'stands beside a timezone nobody knows';
      return undefined;
    },
  },
];

function isWeekday(word: string): boolean {
  return (WEEKDAYS as readonly string[]).includes(word.toLowerCase());
}

function singleProblem(from: string | undefined, to: string | undefined): string | undefined {
  if (from === undefined || to === undefined) return 'is not there, so from and to must both be';
  const [begin, end] = [parseInstant(from), parseInstant(to)];
  if (begin === null || end === null)
    return 'is not there, so from and to must be times with their zone: 2026-12-01T22:00Z';
  return begin < end ? undefined : 'is not there, so from must lie before to';
}
