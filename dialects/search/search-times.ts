import type { JsonObject } from '../../src/foundation/lossless-json.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import { asBigInt, asNumber, asString, asStruct, mismatch } from '../connect-values.ts';
import { structuredText } from '../structured-time-text.ts';
import {
  dateText,
  instantText,
  isoDateText,
  isoTimestampText,
  isoTimeText,
  milliTimestampText,
  nanoTimestampText,
  nanoTimeText,
  timestampText,
  timeText,
} from '../time-text.ts';
import type { SearchField, Value } from './search-target.ts';
import { KEYWORD } from './search-target.ts';

/*
 * Dates and times are ISO 8601 in the document, with all their digits. In the index a `date` has
 * milliseconds and any year from 1 BC on; `name.nanos` (`date_nanos`) has what is finer, of the
 * years 1970 to 2262 (docs of both products). What an index has no place for, it leaves out
 * (`ignore_malformed`; such documents are found by `_ignored`): infinities, years past 9999 on
 * Elasticsearch, zero dates of MySQL. A time without zone is taken as UTC by the index.
 *
 * Times of day and durations are keywords: `10:00:00.5`. They sort as they are long while they have
 * two digits of hours and no sign; of MySQL's others equality is what can be asked.
 */

const DATE: JsonObject = { type: 'date', ignore_malformed: true };
const FINE_DATE: JsonObject = {
  ...DATE,
  fields: { nanos: { type: 'date_nanos', ignore_malformed: true } },
};

function iso(text: string): string {
  return `"${text.replace(' ', 'T')}"`;
}

/** Of texts that a record has there may be any that its source lets through. */
function isoOf(text: string): string {
  return JSON.stringify(text.replace(/^(\S+) (\d\d:)/, '$1T$2'));
}

function date(text: (value: Value) => string): SearchField {
  return { mapping: DATE, encode: (value) => iso(text(value)) };
}

function fine(text: (value: Value) => string): SearchField {
  return { mapping: FINE_DATE, encode: (value) => iso(text(value)) };
}

function keyword(text: (value: Value) => string): SearchField {
  return { mapping: KEYWORD, encode: (value) => JSON.stringify(text(value)) };
}

const DAYS = date((value) => dateText(asNumber(value)));
const CLOCK = keyword((value) => timeText(asNumber(value) * 1000));
const MILLIS = date((value) => milliTimestampText(asBigInt(value)));
const TEXT_DATE: SearchField = {
  mapping: DATE,
  encode: (value) => isoOf(isoDateText(asString(value))),
};

/** As sources write most of them. */
const PLAIN_INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

function instant(value: Value): string {
  const text = asString(value);
  return PLAIN_INSTANT.test(text) ? `"${text}"` : isoOf(instantText(text));
}

const BY_NAME: Readonly<Record<string, SearchField>> = {
  'io.debezium.time.Date': DAYS,
  'org.apache.kafka.connect.data.Date': DAYS,
  'io.debezium.time.IsoDate': TEXT_DATE,
  'io.debezium.time.Time': CLOCK,
  'org.apache.kafka.connect.data.Time': CLOCK,
  'io.debezium.time.MicroTime': keyword((value) => timeText(asNumber(value))),
  'io.debezium.time.NanoTime': keyword((value) => nanoTimeText(asBigInt(value))),
  'io.debezium.time.IsoTime': keyword((value) => isoTimeText(asString(value))),
  'io.debezium.time.ZonedTime': keyword(asString),
  'io.debezium.time.Interval': keyword(asString),
  'io.debezium.time.Timestamp': MILLIS,
  'org.apache.kafka.connect.data.Timestamp': MILLIS,
  'io.debezium.time.MicroTimestamp': fine((value) => timestampText(asBigInt(value))),
  'io.debezium.time.NanoTimestamp': fine((value) => nanoTimestampText(asBigInt(value))),
  'io.debezium.time.IsoTimestamp': {
    mapping: FINE_DATE,
    encode: (value) => isoOf(isoTimestampText(asString(value))),
  },
  'io.debezium.time.ZonedTimestamp': { mapping: FINE_DATE, encode: instant },
};

function structText(value: Value): string {
  const text = structuredText(asStruct(value));
  if (text !== null) return text;
  throw mismatch('a structured time', value);
}

const STRUCTURED: Readonly<Record<string, SearchField>> = {
  Date: date(structText),
  Time: keyword(structText),
  ZonedTime: keyword(structText),
  Timestamp: fine(structText),
  ZonedTimestamp: fine(structText),
  Duration: keyword(structText),
};

/** Dates, times and durations; undefined: something else. */
export function timeField({ name = '' }: ConnectSchema): SearchField | undefined {
  const structured = /^io\.debezium\.time\.Structured(\w+)$/.exec(name)?.[1];
  return structured === undefined ? BY_NAME[name] : STRUCTURED[structured];
}
