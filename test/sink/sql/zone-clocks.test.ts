import { describe, expect, test } from 'vitest';
import { STRUCTURED } from '../../../dialects/semantic-schemas.ts';
import { structuredText } from '../../../dialects/structured-time-text.ts';
import { must } from '../../../src/foundation/assert.ts';
import { timeZone } from '../../../src/foundation/time-zone.ts';
import type { ConnectValue, Struct } from '../../../src/model/connect-schema.ts';
import { ZONED_IN_ZONE } from '../../../src/sink/sql/zone-clocks.ts';
import { struct } from '../../support/sink-records.ts';

function shown(kind: string, value: Exclude<ConnectValue, null>, zone = 'Europe/Berlin') {
  const inZone = must(ZONED_IN_ZONE[`io.debezium.time.${kind}`], kind);
  return inZone(must(timeZone(zone), zone), false)(value);
}

test.each([
  // As Debezium 3.6.0 wrote them from a Java process in this zone.
  ['2024-07-01T12:00:00.123456Z', '2024-07-01T14:00:00.123456'],
  ['2024-01-01T23:30:00.123456Z', '2024-01-02T00:30:00.123456'],
  ['2024-10-27T00:30:00Z', '2024-10-27T02:30:00.000000'],
  ['2024-10-27T01:30:00Z', '2024-10-27T02:30:00.000000'],
  // An offset of its own says which instant it is.
  ['2024-07-01T12:00:00+05:30', '2024-07-01T08:30:00.000000'],
  ['2024-12-31T23:30:00.123456789Z', '2025-01-01T00:30:00.123456789'],
  // Before there were time zones: local mean time, 53 minutes and 28 seconds.
  ['1800-01-01T00:00:00Z', '1800-01-01T00:53:28.000000'],
  ['0001-01-01T00:00:00Z', '0001-01-01T00:53:28.000000'],
])('the instant %s is shown as %s', (text, wanted) => {
  expect(shown('ZonedTimestamp', text)).toBe(wanted);
});

test.each(['infinity', '-infinity', '+294247-01-10T04:00:25.200Z', '+290000-01-01T00:00:00Z', 'x'])(
  'what no calendar shows stays: %s',
  (text) => {
    expect(shown('ZonedTimestamp', text)).toBe(text);
  },
);

test.each([
  ['09:00:00Z', '10:00:00'],
  ['23:30:00.123456Z', '00:30:00.123456'],
  ['12:00:00+03:00', '10:00:00'],
  ['12:00:00+03', '10:00:00'],
  ['00:10:00.5+05:30:30', '19:39:30.5'],
  ['20:00:00-08:00', '05:00:00'],
  ['25 o clock', '25 o clock'],
])('the time %s is shown as %s', (text, wanted) => {
  expect(shown('ZonedTime', text)).toBe(wanted);
});

describe('times in parts', () => {
  const parts = { hour: 23, minute: 30, second: 5, nanos: 120_000_000, offsetSeconds: 3600 };

  test('say the same, and what they say beside it', () => {
    const schema = STRUCTURED['zoned-timestamp'];
    const value = struct(schema, { ...parts, year: 2024, month: 12, day: 31, precision: 6 });
    const made = shown('StructuredZonedTimestamp', value) as Struct;
    const wanted = { ...parts, year: 2024, month: 12, day: 31, precision: 6, offsetSeconds: 0 };
    expect(made).toEqual(struct(schema, wanted));
    const ofYear = shown('StructuredZonedTimestamp', struct(schema, { ...wanted, year: -43 }));
    expect(structuredText(ofYear as Struct)).toBe('-0042-01-01 00:23:33.120000Z');
    const special = struct(schema, { specialValue: 'POSITIVE_INFINITY' });
    expect(shown('StructuredZonedTimestamp', special)).toBe(special);
  });

  test('also without a day', () => {
    const schema = STRUCTURED['zoned-time'];
    const made = shown('StructuredZonedTime', struct(schema, parts), '+05:45') as Struct;
    const wanted = { hour: 4, minute: 15, second: 5, nanos: 120_000_000, offsetSeconds: 0 };
    expect(made).toEqual(struct(schema, wanted));
  });
});
