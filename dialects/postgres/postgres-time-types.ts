import type { ConnectType } from '../../src/model/connect-schema.ts';
import type { StructuredPart, PostgresTextFormat } from '../../src/model/table-schema.ts';
import { named, STRUCTURED } from '../semantic-schemas.ts';
import type { Mapped, ValueModes } from './postgres-value-modes.ts';

/** Dates, times and intervals; null for any other type. */
export function mapTimeType(name: string, typmod: number, modes: ValueModes): Mapped | null {
  const digits = typmod < 0 ? 6 : typmod;
  if (modes.timePrecision === 'structured') return mapStructured(name, typmod, modes);
  switch (name) {
    case 'date':
      return mapDate(modes);
    case 'time':
      return mapTimeOfDay(digits, modes);
    case 'timestamp':
      return mapTimestamp(digits, modes);
    case 'timetz':
      return semantic('string', 'io.debezium.time.ZonedTime', { kind: 'zoned-time' });
    case 'timestamptz':
      return semantic('string', 'io.debezium.time.ZonedTimestamp', {
        kind: 'zoned-timestamp',
        digits,
      });
    case 'interval':
      return modes.interval === 'string'
        ? semantic('string', 'io.debezium.time.Interval', { kind: 'interval-string' })
        : semantic('int64', 'io.debezium.time.MicroDuration', { kind: 'micro-duration' });
    default:
      return null;
  }
}

function mapDate(modes: ValueModes): Mapped {
  switch (modes.timePrecision) {
    case 'connect':
      return semantic('int32', 'org.apache.kafka.connect.data.Date', { kind: 'date' });
    case 'isostring':
      return semantic('string', 'io.debezium.time.IsoDate', iso('iso-date', modes));
    default:
      return semantic('int32', 'io.debezium.time.Date', { kind: 'date' });
  }
}

function iso(
  kind: 'iso-date' | 'iso-time' | 'iso-timestamp',
  { values }: ValueModes,
): PostgresTextFormat {
  return values === 'debezium' ? { kind, java: true } : { kind };
}

function mapTimeOfDay(digits: number, modes: ValueModes): Mapped {
  const micro = (): Mapped =>
    semantic('int64', 'io.debezium.time.MicroTime', { kind: 'time', unit: 'us' });
  switch (modes.timePrecision) {
    case 'adaptive':
      return digits <= 3
        ? semantic('int32', 'io.debezium.time.Time', { kind: 'time', unit: 'ms' })
        : micro();
    case 'connect':
      return semantic('int32', 'org.apache.kafka.connect.data.Time', { kind: 'time', unit: 'ms' });
    case 'isostring':
      return semantic('string', 'io.debezium.time.IsoTime', iso('iso-time', modes));
    case 'nanoseconds':
      return semantic('int64', 'io.debezium.time.NanoTime', { kind: 'time', unit: 'ns' });
    case 'adaptive_time_microseconds':
    case 'microseconds':
    case 'structured':
      return micro();
  }
}

function mapTimestamp(digits: number, modes: ValueModes): Mapped {
  const later = modes.release === '3.7' ? { infinities: '3.7' as const } : {};
  const micro = (): Mapped =>
    semantic('int64', 'io.debezium.time.MicroTimestamp', {
      kind: 'timestamp',
      unit: 'us',
      ...later,
    });
  switch (modes.timePrecision) {
    case 'adaptive':
    case 'adaptive_time_microseconds':
      return digits <= 3
        ? semantic('int64', 'io.debezium.time.Timestamp', {
            kind: 'timestamp',
            unit: 'ms',
            ...later,
          })
        : micro();
    case 'connect':
      return semantic('int64', 'org.apache.kafka.connect.data.Timestamp', {
        kind: 'timestamp',
        unit: 'ms',
        ...later,
      });
    case 'isostring':
      return semantic('string', 'io.debezium.time.IsoTimestamp', iso('iso-timestamp', modes));
    case 'nanoseconds':
      return semantic('int64', 'io.debezium.time.NanoTimestamp', { kind: 'timestamp', unit: 'ns' });
    case 'microseconds':
    case 'structured':
      return micro();
  }
}

const STRUCTURED_PARTS: Readonly<Record<string, StructuredPart>> = {
  date: 'date',
  time: 'time',
  timetz: 'zoned-time',
  timestamp: 'timestamp',
  timestamptz: 'zoned-timestamp',
  interval: 'duration',
};

/** The modifier of an interval has its digits in the low 16 bits; all set: none were given. */
function mapStructured(name: string, typmod: number, { values }: ValueModes): Mapped | null {
  const part = STRUCTURED_PARTS[name];
  if (part === undefined) return null;
  const declared = part === 'duration' && typmod >= 0 ? typmod & 0xffff : typmod;
  // The original tells the modifier of `interval year to month` as it is.
  const most = values === 'debezium' && part === 'duration' ? 0xffff : 6;
  const digits = declared < 0 || declared > most ? 6 : declared;
  return { schema: STRUCTURED[part], format: { kind: 'structured', part, digits } };
}

function semantic(type: ConnectType, name: string, format: PostgresTextFormat): Mapped {
  return { schema: named(type, name), format };
}
