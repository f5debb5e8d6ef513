import type { ConnectSchema } from '../model/connect-schema.ts';

export const CONNECT_DATE = 'org.apache.kafka.connect.data.Date';
export const CONNECT_TIME = 'org.apache.kafka.connect.data.Time';
export const CONNECT_TIMESTAMP = 'org.apache.kafka.connect.data.Timestamp';

export const DAY_MS = 86_400_000;

/** Connect's time types: all have version 1. */
export function connectTimeSchema(
  name: typeof CONNECT_DATE | typeof CONNECT_TIME | typeof CONNECT_TIMESTAMP,
  optional: boolean,
): ConnectSchema {
  return { type: name === CONNECT_TIMESTAMP ? 'int64' : 'int32', optional, name, version: 1 };
}

/** Units in a millisecond, for Debezium's whole numbers. */
export const UNITS_PER_MS: Readonly<Record<string, bigint>> = {
  'io.debezium.time.Timestamp': 1n,
  'io.debezium.time.MicroTimestamp': 1_000n,
  'io.debezium.time.NanoTimestamp': 1_000_000n,
  'io.debezium.time.Time': 1n,
  'io.debezium.time.MicroTime': 1_000n,
  'io.debezium.time.NanoTime': 1_000_000n,
};

/** Days since 1970. */
export const DEBEZIUM_DATE = 'io.debezium.time.Date';
export const ZONED_TIMESTAMP = 'io.debezium.time.ZonedTimestamp';
export const ZONED_TIME = 'io.debezium.time.ZonedTime';
