import { asBigInt, asNumber, asString } from '../../../dialects/connect-values.ts';
import { clockText, daysFromCivil, isoDate } from '../../../dialects/civil-calendar.ts';
import { structuredText } from '../../../dialects/structured-time-text.ts';
import { instantText } from '../../../dialects/time-text.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import { floorDiv } from '../../foundation/floor-division.ts';
import type { TimeZone } from '../../foundation/time-zone.ts';
import type { ConnectValue, Struct } from '../../model/connect-schema.ts';
import { isStruct } from '../../model/connect-schema.ts';

/** What becomes of a value that is not null. */
export type Convert = (value: Exclude<ConnectValue, null>) => ConnectValue;

type InZone = (zone: TimeZone, isKey: boolean) => Convert;

export const CONNECT_DATE = 'org.apache.kafka.connect.data.Date';

const DAY_SECONDS = 86_400;
const DAY_MS = DAY_SECONDS * 1000;
/** Past this there are no dates in JavaScript; what stands for infinity lies there. */
const LAST_MS = 8.64e15 - 2 * DAY_MS;
const LAST_LONG = 2n ** 63n - 1n;

/**
 * Values without a zone as the clocks of one show them, by the names of their schemas. When those
 * are put back, two of them look alike: of keys only the first may be written, as rows would be
 * written over each other.
 */
export const IN_ZONE: Readonly<Record<string, InZone>> = {
  [CONNECT_DATE]: (zone, isKey) => (value) => {
    const days = asNumber(value);
    if (Math.abs(days) * DAY_MS > LAST_MS) return value;
    const shown = dayIn(zone, days);
    if (isKey && dayIn(zone, days - 1) === shown) throw shownTwice();
    return shown;
  },
  'org.apache.kafka.connect.data.Time': (zone) => (value) => {
    const ms = asNumber(value);
    // A TIME of MySQL may be a duration, which no clock shows.
    if (ms < 0 || ms >= DAY_MS) return value;
    return (ms + zone.offsetAt(ms) * 1000 + DAY_MS) % DAY_MS;
  },
  'org.apache.kafka.connect.data.Timestamp': instantIn(1n),
  'io.debezium.time.MicroTimestamp': instantIn(1000n),
  'io.debezium.time.NanoTimestamp': instantIn(1_000_000n),
};

/** The same of values that have a zone, for columns that have none. */
export const ZONED_IN_ZONE: Readonly<Record<string, InZone>> = {
  'io.debezium.time.ZonedTimestamp': (zone, isKey) => (value) =>
    shownInstant(asString(value), zone, isKey),
  'io.debezium.time.ZonedTime': (zone) => (value) => shownTime(asString(value), zone),
  'io.debezium.time.StructuredZonedTimestamp': (zone, isKey) => (value) =>
    inParts(value, (text) => shownInstant(text, zone, isKey)),
  'io.debezium.time.StructuredZonedTime': (zone) => (value) =>
    inParts(value, (text) => shownTime(text, zone)),
};

function dayIn(zone: TimeZone, days: number): number {
  return days + Math.floor((zone.offsetAt(days * DAY_MS) * 1000) / DAY_MS);
}

function instantIn(unitsPerMs: bigint): InZone {
  return (zone, isKey) => (value) => {
    const units = asBigInt(value);
    const ms = Number(floorDiv(units, unitsPerMs));
    const isInfinite = units >= LAST_LONG || units <= -LAST_LONG || Math.abs(ms) > LAST_MS;
    if (isInfinite) return value;
    return units + BigInt(shownOffset(zone, ms, isKey) * 1000) * unitsPerMs;
  };
}

/** Seconds that the clocks are ahead of UTC. */
function shownOffset(zone: TimeZone, ms: number, isKey: boolean): number {
  const offset = zone.offsetAt(ms);
  if (isKey && zone.offsetOfLocal(ms + offset * 1000) !== offset) throw shownTwice();
  return offset;
}

const CLOCK = String.raw`(\d\d):(\d\d):(\d\d)(\.\d+)?`;
const INSTANT = new RegExp(`^([+-]?\\d{4,})-(\\d\\d)-(\\d\\d) ${CLOCK}Z$`);
const TIME = new RegExp(String.raw`^${CLOCK}(?:Z|([+-])(\d\d)(?::?(\d\d)(?::?(\d\d))?)?)$`);

/** Without a zone; infinities, and what lies outside of all calendars here, stay as they are. */
function shownInstant(text: string, zone: TimeZone, isKey: boolean): string {
  const found = INSTANT.exec(instantText(text));
  if (found === null) return text;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found
    .slice(1, 7)
    .map(Number);
  const days = daysFromCivil(year, month, day);
  const utc = days * DAY_SECONDS + hour * 3600 + minute * 60 + second;
  if (Math.abs(utc * 1000) > LAST_MS) return text;
  const shown = utc + shownOffset(zone, utc * 1000, isKey);
  const shownDays = Math.floor(shown / DAY_SECONDS);
  const clock = wholeClock(shown - shownDays * DAY_SECONDS);
  return `${isoDate(shownDays)}T${clock}${found[7] ?? ''}`;
}

/** A time has no day: the zone's offset is that of 1970-01-01, as of Connect's Time. */
function shownTime(text: string, zone: TimeZone): string {
  const found = TIME.exec(text);
  if (found === null) return text;
  const [hour = 0, minute = 0, second = 0] = found.slice(1, 4).map(Number);
  const [hours = 0, minutes = 0, seconds = 0] = found.slice(6).map((part) => Number(part ?? 0));
  const ahead = (hours * 3600 + minutes * 60 + seconds) * (found[5] === '-' ? -1 : 1);
  const utc = modulo(hour * 3600 + minute * 60 + second - ahead);
  return `${wholeClock(modulo(utc + zone.offsetAt(utc * 1000)))}${found[4] ?? ''}`;
}

function modulo(seconds: number): number {
  return ((seconds % DAY_SECONDS) + DAY_SECONDS) % DAY_SECONDS;
}

function wholeClock(seconds: number): string {
  return clockText(seconds * 1_000_000).slice(0, 8);
}

const PARTS = ['year', 'month', 'day', 'hour', 'minute', 'second'];

/** What is shown of a time whose parts stand each by itself, as such a struct. */
function inParts(value: Exclude<ConnectValue, null>, show: (text: string) => string): ConnectValue {
  const text = isStruct(value) ? structuredText(value) : null;
  const shown = text === null ? null : show(text);
  if (shown === null || shown === text) return value;
  const { schema, values } = value as Struct;
  const numbers = shown.match(/^[+-]?\d+|(?<=[-T:])\d+/g)?.map(Number) ?? [];
  const names = PARTS.slice(PARTS.length - numbers.length);
  const told = new Map(names.map((name, i) => [name, numbers[i] ?? 0] as const));
  const made = (schema.fields ?? []).map(({ name }, i): ConnectValue => {
    if (name === 'offsetSeconds') return 0;
    return told.get(name) ?? values[i] ?? null;
  });
  return { schema, values: made };
}

function shownTwice(): TidemarkError {
  return new TidemarkError(
    'SINK_RECORD',
    'the clocks of the zone have shown this already: an earlier key would look the same',
    {
      cure:
        'Set db.timezone (for dates date.timezone, for Debezium use.time.zone) to UTC, ' +
        'and let the table be written anew.',
    },
  );
}
