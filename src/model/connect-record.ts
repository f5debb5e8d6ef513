import type { ConnectSchema, ConnectValue } from './connect-schema.ts';

/** A value with its schema; no schema and null together are "nothing": no key, a tombstone. */
export interface ConnectData {
  readonly schema: ConnectSchema | null;
  readonly value: ConnectValue;
}

/** A header before its converter. */
export interface ConnectHeader extends ConnectData {
  readonly name: string;
}

/** A record between source and converters, as transforms see it. */
export interface ConnectRecord {
  readonly topic: string;
  readonly key: ConnectData;
  readonly value: ConnectData;
  readonly headers: readonly ConnectHeader[];
  /** Null: whoever writes the record takes the time. Sources of Debezium give none. */
  readonly timestampMs: number | null;
  /** On a source the partition that a transform chose, on a sink the one it came from. */
  readonly partition?: number;
  /** In the log; on sinks only. */
  readonly offset?: number;
}
