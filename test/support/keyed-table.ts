import type { PostgresRowChange } from '../../src/model/change-event.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import { lsn } from '../../src/model/lsn.ts';
import { RowImage } from '../../src/model/row-image.ts';
import type { ColumnSchema, TableSchema, TextFormat } from '../../src/model/table-schema.ts';

/** What a column holds. */
export interface ColumnKind {
  readonly sourceType: string;
  readonly schema: ConnectSchema;
  readonly format: TextFormat;
}

export const INTEGER: ColumnKind = {
  sourceType: 'integer',
  schema: { type: 'int32', optional: false },
  format: { kind: 'integer' },
};

export const TEXT: ColumnKind = {
  sourceType: 'text',
  schema: { type: 'string', optional: false },
  format: { kind: 'string' },
};

export const UUID: ColumnKind = {
  sourceType: 'uuid',
  schema: { type: 'string', optional: false, name: 'io.debezium.data.Uuid', version: 1 },
  format: { kind: 'string' },
};

export const DECIMAL_10_2: ColumnKind = {
  sourceType: 'numeric(10,2)',
  schema: {
    type: 'bytes',
    optional: false,
    name: 'org.apache.kafka.connect.data.Decimal',
    version: 1,
    parameters: { scale: '2', 'connect.decimal.precision': '10' },
  },
  format: { kind: 'decimal', scale: 2 },
};

export const BYTEA: ColumnKind = {
  sourceType: 'bytea',
  schema: { type: 'bytes', optional: false },
  format: { kind: 'bytea', encoding: 'bytes' },
};

/** `public.orders (id <key> PRIMARY KEY, note text)` unless told otherwise. */
export function keyedTable(
  key: ColumnKind = INTEGER,
  more: Partial<TableSchema> = {},
): TableSchema {
  const note = { ...TEXT, schema: { type: 'string', optional: true } } as const;
  return {
    id: { catalog: 'shop', schema: 'public', table: 'orders' },
    version: 1,
    columns: [tableColumn('id', 0, key, true), tableColumn('note', 1, note)],
    keyColumns: [0],
    replicaIdentity: 'default',
    ...more,
  };
}

export function tableColumn(
  name: string,
  tupleIndex: number,
  kind: ColumnKind,
  identity = false,
): ColumnSchema {
  return { name, tupleIndex, identity, ...kind };
}

/** A row as texts in the order of the columns; `undefined` is absent (unchanged TOAST). */
export type RowTexts = readonly (string | null | undefined)[];

export function rowChange(
  table: TableSchema,
  op: PostgresRowChange['op'],
  before: RowTexts | null,
  after: RowTexts | null,
  more: Partial<PostgresRowChange> = {},
): PostgresRowChange {
  return {
    op,
    table,
    before: before === null ? null : RowImage.of(before),
    beforeIsKeyOnly: false,
    after: after === null ? null : RowImage.of(after),
    family: 'postgres',
    lsn: lsn(16n),
    commitLsn: lsn(32n),
    previousCommitLsn: null,
    ordinal: 0,
    transactionId: 7,
    sourceMicros: 1_700_000_000_000_000n,
    snapshot: op === 'r' ? 'true' : 'false',
    ...more,
  };
}
