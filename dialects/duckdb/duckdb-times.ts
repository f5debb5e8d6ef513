import { TidemarkError } from '../../src/foundation/errors.ts';
import type { ConnectSchema, ConnectValue } from '../../src/model/connect-schema.ts';
import { POSTGRES_SOURCE_TYPE } from '../../src/model/connect-schema.ts';
import { asBigInt, asNumber, asString } from '../connect-values.ts';
import { mysqlSourceType } from '../mysql-type-name.ts';
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
import type { TypedValue } from './duckdb-typed-values.ts';
import { typedDays, typedInstant, typedMicros, typedMillis } from './duckdb-typed-values.ts';

/** A type of time, and the text by which DuckDB reads a value into it. */
export interface TimeScalar {
  readonly ddl: string;
  readonly text: (value: ConnectValue) => string;
  /** As `ValueEncoder.typed`, in a column of this type. */
  readonly typed?: TypedValue;
}

/** Years past 9999 have no sign in front for DuckDB; those before year 1 have. */
export function unsignedYear(text: string): string {
  return text.startsWith('+') ? text.slice(1) : text;
}

const ISO_DURATION = new RegExp(
  String.raw`^P(?:(-?\d+)Y)?(?:(-?\d+)M)?(?:(-?\d+)D)?` +
    String.raw`(?:T(?:(-?\d+)H)?(?:(-?\d+)M)?(?:(-?)(\d+)(?:\.(\d{1,9}))?S)?)?$`,
);

function notFinite(): TidemarkError {
  return new TidemarkError('VALUE_CONVERSION', 'DuckDB has no infinite interval', {
    cure: 'Correct the value in the source, or leave the column out with column.exclude.list.',
  });
}

/** Months, days and µs stay apart, as in PostgreSQL. */
export function intervalText(iso: string): string {
  const match = ISO_DURATION.exec(iso);
  if (match === null) throw notFinite();
  const part = (index: number): bigint => BigInt(match[index] ?? 0);
  const months = part(1) * 12n + part(2);
  const size = part(7) * 1_000_000n + BigInt((match[8] ?? '').slice(0, 6).padEnd(6, '0'));
  const clock = (part(4) * 60n + part(5)) * 60_000_000n;
  const micros = match[6] === '-' ? clock - size : clock + size;
  return `${months} months ${part(3)} days ${micros} microseconds`;
}

const INT64_MAX = 2n ** 63n - 1n;

/** The extremes are what the source makes of infinity. */
function microsText(micros: bigint): string {
  if (micros === INT64_MAX || micros === -INT64_MAX - 1n) throw notFinite();
  return `${micros} microseconds`;
}

/** `-838:59:59.000001`, of MySQL. */
function clockMicros(text: string): string {
  const match = /^(-?)(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?/.exec(isoTimeText(text));
  if (match === null) throw new TidemarkError('VALUE_CONVERSION', 'the text is no time');
  const [, sign, hours = '0', minutes = '0', seconds = '0', digits = ''] = match;
  const whole = (BigInt(hours) * 60n + BigInt(minutes)) * 60n + BigInt(seconds);
  return `${sign}${whole * 1_000_000n + BigInt(digits.padEnd(6, '0'))} microseconds`;
}

function of(ddl: string, text: TimeScalar['text'], typed?: TypedValue): TimeScalar {
  return typed === undefined ? { ddl, text } : { ddl, text, typed };
}

const year = (text: string): string => unsignedYear(text);
const ISO_INTERVAL = of('INTERVAL', (value) => intervalText(asString(value)));

const DAYS = of('DATE', (value) => year(dateText(asNumber(value))), typedDays);
const MILLIS = of('TIMESTAMP', (value) => year(milliTimestampText(asBigInt(value))), typedMillis);
const MICROS = of('TIMESTAMP', (value) => year(timestampText(asBigInt(value))), typedMicros);

const TIMES: Readonly<Record<string, TimeScalar>> = {
  'io.debezium.time.Date': DAYS,
  'org.apache.kafka.connect.data.Date': DAYS,
  'io.debezium.time.IsoDate': of('DATE', (value) => year(isoDateText(asString(value)))),
  'io.debezium.time.Time': of('TIME', (value) => timeText(asNumber(value) * 1000)),
  'org.apache.kafka.connect.data.Time': of('TIME', (value) => timeText(asNumber(value) * 1000)),
  'io.debezium.time.MicroTime': of('TIME', (value) => timeText(asNumber(value))),
  'io.debezium.time.NanoTime': of('TIME_NS', (value) => nanoTimeText(asBigInt(value))),
  'io.debezium.time.IsoTime': of('TIME', (value) => isoTimeText(asString(value))),
  'io.debezium.time.Timestamp': MILLIS,
  'org.apache.kafka.connect.data.Timestamp': MILLIS,
  'io.debezium.time.MicroTimestamp': MICROS,
  'io.debezium.time.NanoTimestamp': of('TIMESTAMP_NS', (value) =>
    year(nanoTimestampText(asBigInt(value))),
  ),
  'io.debezium.time.IsoTimestamp': of('TIMESTAMP', (value) =>
    year(isoTimestampText(asString(value))),
  ),
  'io.debezium.time.ZonedTimestamp': of(
    'TIMESTAMP WITH TIME ZONE',
    (value) => year(instantText(asString(value))),
    typedInstant,
  ),
  'io.debezium.time.ZonedTime': of('TIME WITH TIME ZONE', (value) =>
    asString(value).replace(/Z$/, '+00'),
  ),
  'io.debezium.time.MicroDuration': of('INTERVAL', (value) => microsText(asBigInt(value))),
  'io.debezium.time.Interval': ISO_INTERVAL,
};

/** Of these families a source has no more than six digits of a second. */
const IN_MICROS: Readonly<Record<string, string>> = { TIME_NS: 'TIME', TIMESTAMP_NS: 'TIMESTAMP' };

/** Times of MySQL are durations of either sign, of up to 838 hours. */
const DURATIONS: Readonly<Record<string, TimeScalar>> = {
  'io.debezium.time.Time': of('INTERVAL', (value) => microsText(asBigInt(value) * 1000n)),
  'org.apache.kafka.connect.data.Time': of('INTERVAL', (value) =>
    microsText(asBigInt(value) * 1000n),
  ),
  'io.debezium.time.MicroTime': of('INTERVAL', (value) => microsText(asBigInt(value))),
  'io.debezium.time.NanoTime': of('INTERVAL', (value) => microsText(asBigInt(value) / 1000n)),
  'io.debezium.time.IsoTime': of('INTERVAL', (value) => clockMicros(asString(value))),
};

/** What becomes of times of this schema; undefined: it is none. */
export function timeScalar(schema: ConnectSchema): TimeScalar | undefined {
  const { name = '' } = schema;
  const ofMysql = mysqlSourceType(schema);
  if (ofMysql?.base === 'time' && DURATIONS[name] !== undefined) return DURATIONS[name];
  const scalar = TIMES[name];
  const isKnown = ofMysql !== null || schema.parameters?.[POSTGRES_SOURCE_TYPE] !== undefined;
  const inMicros = scalar === undefined || !isKnown ? undefined : IN_MICROS[scalar.ddl];
  return scalar === undefined || inMicros === undefined
    ? scalar
    : { ddl: inMicros, text: scalar.text };
}
