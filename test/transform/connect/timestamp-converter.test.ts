import { expect, test } from 'vitest';
import type { ConnectData } from '../../../src/model/connect-record.ts';
import type { ConnectSchema, ConnectValue } from '../../../src/model/connect-schema.ts';
import { TimestampConverter } from '../../../src/transform/connect/timestamp-converter.ts';
import { ZONED_TIMESTAMP as ZONED } from '../../../src/transform/logical-time.ts';
import { compareRecorded } from '../../support/recorded-transforms.ts';
import { ownOptions, plain, tombstone } from '../../support/transform-records.ts';

// The original cannot read Debezium's dates at all.
const DIFFERING = ['flat: field:day,target.type:Timestamp'];

test.each(await compareRecorded('timestamp-converter', DIFFERING))(
  'as recorded: $title',
  ({ wanted, found }) => {
    expect(found).toEqual(wanted);
  },
);

const FIELDS: readonly [string, ConnectSchema, ConnectValue][] = [
  ['micro', { type: 'int64', optional: true, name: 'io.debezium.time.MicroTimestamp' }, 5_000_001n],
  ['day', { type: 'int32', optional: false, name: 'io.debezium.time.Date' }, 1],
  ['time', { type: 'int64', optional: true, name: 'io.debezium.time.MicroTime' }, 5_000_000n],
  ['zoned', { type: 'string', optional: true, name: ZONED }, '1970-01-01T02:00:05.123456+02:00'],
  ['bare', { type: 'string', optional: true }, 'x'],
];
const SCHEMA: ConnectSchema = {
  type: 'struct',
  optional: false,
  fields: FIELDS.map(([name, schema]) => ({ name, schema })),
};
const ROW: ConnectData = {
  schema: SCHEMA,
  value: { schema: SCHEMA, values: FIELDS.map(([, , value]) => value) },
};

function converted(field: string, given: Record<string, string> = {}): ConnectValue {
  const type = 'org.apache.kafka.connect.transforms.TimestampConverter$Value';
  const options = ownOptions(type, { field, 'target.type': 'Timestamp', ...given });
  const record = new TimestampConverter(options, 'value').apply({ ...tombstone(), value: ROW });
  return plain(record)?.[field] ?? null;
}

test("Debezium's types are read by their names, unless a precision is given", () => {
  expect(['micro', 'day', 'time', 'zoned'].map((field) => converted(field))).toEqual([
    5000n,
    86_400_000n,
    5000n,
    5123n,
  ]);
  expect(converted('micro', { 'unix.precision': 'milliseconds' })).toBe(5_000_001n);
  const text = { 'target.type': 'string', format: 'HH:mm:ss' };
  expect(['micro', 'zoned'].map((field) => converted(field, text))).toEqual([
    '00:00:05',
    '00:00:05',
  ]);
  expect(() => converted('bare')).toThrow('text needs a format');
});
