import type { ConnectType } from '../../src/model/connect-schema.ts';
import { named, STRUCTURED } from '../semantic-schemas.ts';
import type { ColumnType } from './ddl/table-definition.ts';
import type { MysqlFormat, MysqlMapped, MysqlValueModes } from './mysql-value-modes.ts';

/** Dates and times; null for any other type. */
export function mapMysqlTimeType(type: ColumnType, modes: MysqlValueModes): MysqlMapped | null {
  const digits = type.length ?? 0;
  switch (type.base) {
    case 'year':
      return semantic('int32', 'io.debezium.time.Year', {
        kind: 'zero-padded',
        number: { kind: 'integer' },
      });
    case 'date':
      return mapDate(modes);
    case 'time':
      return mapTime(digits, modes);
    case 'datetime':
      return mapDatetime(digits, modes);
    case 'timestamp':
      if (modes.timePrecision === 'structured') return structured('zoned-timestamp', digits);
      return semantic('string', 'io.debezium.time.ZonedTimestamp', {
        kind: 'instant',
        digits,
        rules: modes.dates,
      });
    default:
      return null;
  }
}

function mapDate({ timePrecision, dates: rules }: MysqlValueModes): MysqlMapped {
  const days: MysqlFormat = { kind: 'calendar-date', as: 'days', rules };
  switch (timePrecision) {
    case 'structured':
      return structured('date', 0);
    case 'connect':
      return semantic('int32', 'org.apache.kafka.connect.data.Date', days);
    case 'isostring':
      return semantic('string', 'io.debezium.time.IsoDate', { ...days, as: 'iso' });
    default:
      return semantic('int32', 'io.debezium.time.Date', days);
  }
}

/** TIME is a duration; only the structured form says so. */
function mapTime(digits: number, { timePrecision }: MysqlValueModes): MysqlMapped {
  switch (timePrecision) {
    case 'structured':
      return structured('duration', digits);
    case 'connect':
      return semantic('int32', 'org.apache.kafka.connect.data.Time', time('ms'));
    case 'isostring':
      return semantic('string', 'io.debezium.time.IsoTime', time('iso'));
    case 'nanoseconds':
      return semantic('int64', 'io.debezium.time.NanoTime', time('ns'));
    default:
      return semantic('int64', 'io.debezium.time.MicroTime', time('us'));
  }
}

function time(as: 'ms' | 'us' | 'ns' | 'iso'): MysqlFormat {
  return { kind: 'signed-time', as };
}

function mapDatetime(digits: number, modes: MysqlValueModes): MysqlMapped {
  const { timePrecision, dates: rules } = modes;
  const format = (as: 'ms' | 'us' | 'ns' | 'iso'): MysqlFormat => ({
    kind: 'calendar-time',
    as,
    rules,
  });
  switch (timePrecision) {
    case 'structured':
      return structured('timestamp', digits);
    case 'connect':
      return semantic('int64', 'org.apache.kafka.connect.data.Timestamp', format('ms'));
    case 'isostring':
      return semantic('string', 'io.debezium.time.IsoTimestamp', format('iso'));
    case 'nanoseconds':
      return semantic('int64', 'io.debezium.time.NanoTimestamp', format('ns'));
    case 'adaptive_time_microseconds':
      if (digits <= 3) return semantic('int64', 'io.debezium.time.Timestamp', format('ms'));
      return semantic('int64', 'io.debezium.time.MicroTimestamp', format('us'));
    case 'microseconds':
      return semantic('int64', 'io.debezium.time.MicroTimestamp', format('us'));
  }
}

function structured(
  part: 'date' | 'timestamp' | 'zoned-timestamp' | 'duration',
  digits: number,
): MysqlMapped {
  return { schema: STRUCTURED[part], format: { kind: 'calendar-parts', part, digits } };
}

function semantic(type: ConnectType, name: string, format: MysqlFormat): MysqlMapped {
  return { schema: named(type, name), format };
}
