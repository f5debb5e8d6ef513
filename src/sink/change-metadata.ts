import { isoTimestamp } from '../../dialects/civil-calendar.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../model/connect-schema.ts';
import { valueAt } from '../model/connect-schema.ts';
import { formatLsn } from '../model/lsn.ts';
import type { SinkRecord } from '../model/sink-record.ts';
import { shapeOf, structOrNull } from './record-change.ts';

/** What the target may keep of a change: `metadata.columns`. */
export type MetadataColumn =
  'op' | 'source_ts' | 'tx_id' | 'position' | 'ingested_at' | 'topic' | 'partition' | 'offset';

/** One change, as the columns that tell of it see it. */
export interface ChangeFacts {
  readonly record: SinkRecord;
  readonly isDelete: boolean;
  /** When the sink writes it. */
  readonly nowMicros: bigint;
}

/** A column beside those of the row, which tells of the change that the row comes from. */
export interface ChangeColumn {
  readonly name: string;
  readonly schema: ConnectSchema;
  /** How it is read of records whose value has this schema; null: of tombstones. */
  readonly reader: (value: ConnectSchema | null) => ChangeReader;
}

/** Undefined: the record says nothing of it, and what stands in the target stays. */
export type ChangeReader = (facts: ChangeFacts) => ConnectValue | undefined;

const TEXT: ConnectSchema = { type: 'string', optional: true };
/** A time with its zone, by microseconds. */
export const INSTANT: ConnectSchema = {
  type: 'string',
  optional: true,
  name: 'io.debezium.time.ZonedTimestamp',
  version: 1,
};

type Columns = Readonly<Record<MetadataColumn, ChangeColumn>>;

/** What may be told of a change, by its name in `metadata.columns`. */
export const METADATA: Columns = {
  op: {
    name: '_cdc_op',
    schema: TEXT,
    reader: (value) => {
      const shape = value === null ? null : shapeOf(value);
      if (shape?.kind !== 'envelope') return unlessTombstone(() => null);
      return ({ record: { value: envelope } }) =>
        envelope === null ? null : (valueAt(envelope, shape.op) ?? null);
    },
  },
  source_ts: { name: '_cdc_source_ts', schema: INSTANT, reader: sourceTime },
  tx_id: { name: '_cdc_tx_id', schema: TEXT, reader: (value) => sourceText(value, transactionOf) },
  position: {
    name: '_cdc_position',
    schema: TEXT,
    reader: (value) => sourceText(value, positionOf),
  },
  ingested_at: {
    name: '_cdc_ingested_at',
    schema: INSTANT,
    reader: () => unlessTombstone(({ nowMicros }) => instantText(nowMicros)),
  },
  topic: {
    name: '_cdc_topic',
    schema: TEXT,
    reader: () => unlessTombstone(({ record }) => record.topic),
  },
  partition: {
    name: '_cdc_partition',
    schema: { type: 'int32', optional: true },
    reader: () => unlessTombstone(({ record }) => record.partition),
  },
  offset: {
    name: '_cdc_offset',
    schema: { type: 'int64', optional: true },
    reader: () => unlessTombstone(({ record }) => BigInt(record.offset)),
  },
};

/** Where the fields of the source block stand; those that a connector does not have are -1. */
export interface SourceFields {
  readonly source: number;
  readonly at: (name: string) => number;
}

/** The source block of records whose value has this schema; null: they have none. */
export function sourceFields(value: ConnectSchema): SourceFields | null {
  const shape = shapeOf(value);
  if (shape.kind !== 'envelope' || shape.source < 0) return null;
  const fields = value.fields?.[shape.source]?.schema.fields ?? [];
  return {
    source: shape.source,
    at: (name) => fields.findIndex((field) => field.name === name),
  };
}

/** The tombstone behind a delete does not take away what the delete has told. */
function unlessTombstone(read: ChangeReader): ChangeReader {
  return (facts) => (facts.record.value === null ? undefined : read(facts));
}

type BlockReader = (block: Struct) => string | null;

function sourceText(
  value: ConnectSchema | null,
  compile: (at: SourceFields['at']) => BlockReader,
): ChangeReader {
  const fields = value === null ? null : sourceFields(value);
  if (fields === null) return unlessTombstone(() => null);
  const read = compile(fields.at);
  return ({ record }) => {
    const block = structOrNull(record.value?.values[fields.source]);
    return block === null ? null : read(block);
  };
}

/** When the source says that it was committed; by microseconds where it sends them. */
export function sourceTime(value: ConnectSchema | null): ChangeReader {
  return sourceText(value, (at) => {
    const [micros, millis] = [at('ts_us'), at('ts_ms')];
    return ({ values }) => {
      const us = values[micros];
      if (typeof us === 'bigint') return instantText(us);
      const ms = values[millis];
      return typeof ms === 'bigint' ? instantText(ms * 1000n) : null;
    };
  });
}

function transactionOf(at: SourceFields['at']): BlockReader {
  const [gtid, id] = [at('gtid'), at('txId')];
  return ({ values }) => textOf(values[gtid]) ?? textOf(values[id]);
}

function positionOf(at: SourceFields['at']): BlockReader {
  const [lsn, file, pos, row] = [at('lsn'), at('file'), at('pos'), at('row')];
  return ({ values }) => {
    const found = values[lsn];
    if (typeof found === 'bigint') return formatLsn(found);
    const name = textOf(values[file]);
    return name === null ? null : `${name}:${textOf(values[pos])}:${textOf(values[row]) ?? '0'}`;
  };
}

function textOf(value: ConnectValue | undefined): string | null {
  if (typeof value === 'string') return value === '' ? null : value;
  return typeof value === 'bigint' || typeof value === 'number' ? String(value) : null;
}

function instantText(micros: bigint): string {
  return `${isoTimestamp(micros, 6)}Z`;
}
