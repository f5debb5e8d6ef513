import { describe, expect, test } from 'vitest';
import { mapMysqlTimeType } from '../../../dialects/mysql/mysql-time-types.ts';
import { DEFAULT_MYSQL_VALUE_MODES } from '../../../dialects/mysql/mysql-value-modes.ts';
import type { MysqlValueModes } from '../../../dialects/mysql/mysql-value-modes.ts';
import { mysqlColumnType } from '../../support/mysql-column-type.ts';

function name(base: string, length: number, timePrecision: MysqlValueModes['timePrecision']) {
  const modes = { ...DEFAULT_MYSQL_VALUE_MODES, timePrecision };
  const mapped = mapMysqlTimeType(mysqlColumnType(base, { length }), modes);
  return `${mapped?.schema.type} ${mapped?.schema.name?.replace(/^io\.debezium\.time\./, '')}`;
}

describe('every mode of time.precision.mode', () => {
  const connect = 'org.apache.kafka.connect.data.';

  test.each([
    ['adaptive_time_microseconds', 'int32 Date', 'int64 MicroTime', 'int64 Timestamp'],
    ['microseconds', 'int32 Date', 'int64 MicroTime', 'int64 MicroTimestamp'],
    ['nanoseconds', 'int32 Date', 'int64 NanoTime', 'int64 NanoTimestamp'],
    ['isostring', 'string IsoDate', 'string IsoTime', 'string IsoTimestamp'],
    ['connect', `int32 ${connect}Date`, `int32 ${connect}Time`, `int64 ${connect}Timestamp`],
    [
      'structured',
      'struct StructuredDate',
      'struct StructuredDuration',
      'struct StructuredTimestamp',
    ],
  ] as const)('%s', (mode, date, time, datetime) => {
    expect(name('date', 0, mode)).toBe(date);
    expect(name('time', 0, mode)).toBe(time);
    expect(name('datetime', 3, mode)).toBe(datetime);
    const zoned =
      mode === 'structured' ? 'struct StructuredZonedTimestamp' : 'string ZonedTimestamp';
    expect(name('timestamp', 6, mode)).toBe(zoned);
    expect(name('year', 4, mode)).toBe('int32 Year');
  });

  test('more than three digits need µs', () => {
    expect(name('datetime', 4, 'adaptive_time_microseconds')).toBe('int64 MicroTimestamp');
  });

  test('another type is none', () => {
    const type = mysqlColumnType('varchar');
    expect(mapMysqlTimeType(type, DEFAULT_MYSQL_VALUE_MODES)).toBeNull();
  });
});
