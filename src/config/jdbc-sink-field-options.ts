import type { TimeZone } from '../foundation/time-zone.ts';
import { timeZone } from '../foundation/time-zone.ts';
import type { Option } from './option.ts';
import type { OptionRule } from './resolve-options.ts';
import { exclusive } from './source-shaping-options.ts';

/** Which fields are written, by Debezium's names. */
export const FIELD_LIST_OPTIONS: readonly Option[] = [
  {
    name: 'field.include.list',
    type: { kind: 'list' },
    doc:
      'The only fields of rows that are created and written: `field`, or `topic:field` of one ' +
      'topic. Fields of the key always are.',
  },
  {
    name: 'field.exclude.list',
    type: { kind: 'list' },
    doc:
      'Fields of rows that are neither created nor written: `field`, or `topic:field` of one ' +
      'topic. Fields of the key always are.',
  },
];

/** The same by Confluent's name, which knows no topics. */
export const FIELD_WHITELIST: Option = {
  name: 'fields.whitelist',
  type: { kind: 'list' },
  doc: 'The only fields of rows that are created and written, beside those of the key.',
};

/** How times are written, by Confluent's names. */
export const TIME_OPTIONS: readonly Option[] = [
  {
    name: 'timestamp.fields.list',
    type: { kind: 'list' },
    doc:
      'Fields that count from 1970 in a number of 64 bits, or in a text with one: they get ' +
      'columns for timestamps. Types that tell their unit need no entry.',
  },
  {
    name: 'timestamp.precision.mode',
    type: { kind: 'enum', values: ['microseconds', 'nanoseconds'] },
    default: 'microseconds',
    doc: 'In which unit the fields of timestamp.fields.list count.',
  },
  {
    name: 'db.timezone',
    type: { kind: 'string' },
    default: 'UTC',
    doc:
      "Whose clocks tell Connect's Time and Timestamp, and fields of timestamp.fields.list, in " +
      'columns that have no zone: `Europe/Berlin`, `+02:00`. A key that clocks show twice parks ' +
      "its table. Times of Debezium's own types are written as the source has them.",
  },
  {
    name: 'date.timezone',
    type: { kind: 'enum', values: ['db_timezone', 'utc'] },
    default: 'utc',
    doc:
      "The same of Connect's Date; with db_timezone west of UTC each is the day before, as the " +
      'original has it.',
  },
];

/** Debezium's name for the zone that its JDBC driver writes in. */
export const USE_TIME_ZONE: Option = {
  name: 'use.time.zone',
  type: { kind: 'string' },
  default: 'UTC',
  doc:
    'Whose clocks tell times that have a zone (ZonedTimestamp, ZonedTime) in columns that have ' +
    'none: `Europe/Berlin`, `+02:00`. Columns with a zone keep the instant, and times without a ' +
    'zone are written as the source has them. A key that clocks show twice parks its table.',
};

/** A zone by its name or offset; null: times are written as they are, in UTC. */
export function sinkZone(text: string): TimeZone | null {
  return IS_UTC.test(text) ? null : timeZone(text);
}

const IS_UTC = /^(?:(?:Etc\/)?(?:UTC|GMT|UT)|Z|(?:UTC|GMT|UT)?[+-]0{1,2}(?::?00)?)$/;

/** Rules over Debezium's lists. */
export const FIELD_LIST_RULES: readonly OptionRule[] = [
  exclusive('field.include.list', 'field.exclude.list'),
  entriesRule('field.include.list'),
  entriesRule('field.exclude.list'),
];

/** Of the classes that have these lists and Confluent's. */
export const FIELD_WHITELIST_RULES: readonly OptionRule[] = [
  exclusive('field.include.list', 'fields.whitelist'),
  exclusive('field.exclude.list', 'fields.whitelist'),
];

/** Rules over how times are written. */
export const TIME_RULES: readonly OptionRule[] = [zoneRule('db.timezone')];

/** Of Debezium's class. */
export const USE_TIME_ZONE_RULES: readonly OptionRule[] = [zoneRule('use.time.zone')];

function zoneRule(name: string): OptionRule {
  return {
    properties: [name],
    check: (options) => {
      const text = options.string(name);
      const isZone = IS_UTC.test(text) || timeZone(text) !== null;
      return isZone ? undefined : `names no time zone: ${text}`;
    },
  };
}

/** `field`, or `topic:field`: names of topics have no colon. */
const ENTRY = /^[^:]+(?::[^:]+)?$/;

function entriesRule(name: string): OptionRule {
  return {
    properties: [name],
    check: (options) => {
      const wrong = options.list(name).find((entry) => !ENTRY.test(entry));
      return wrong === undefined
        ? undefined
        : `has an entry that is neither field nor topic:field: ${wrong}`;
    },
  };
}
