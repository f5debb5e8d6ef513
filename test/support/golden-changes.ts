import { parseLosslessJson } from '../../src/foundation/lossless-json.ts';
import type { JsonNode, JsonObject } from '../../src/foundation/lossless-json.ts';
import { schemaFromJson, valueFromJson } from '../../src/model/connect-json.ts';
import type {
  PostgresRowChange,
  RowOperation,
  SnapshotMarker,
} from '../../src/model/change-event.ts';
import type { ConnectSchema, ConnectValue } from '../../src/model/connect-schema.ts';
import { lsn } from '../../src/model/lsn.ts';
import { RowImage } from '../../src/model/row-image.ts';
import type { ColumnSchema, TableSchema } from '../../src/model/table-schema.ts';
import type { GoldenRecord } from './golden-records.ts';

/**
 * Golden records turned back into the changes that made them. A column's text is the JSON of its
 * payload, so that the way from text to value is not what these tests are about.
 */
export interface GoldenChange {
  readonly change: PostgresRowChange;
  readonly processedMicros: bigint;
  readonly parse: (column: ColumnSchema, text: string) => ConnectValue;
  readonly placeholder: (column: ColumnSchema) => ConnectValue;
  readonly records: readonly GoldenRecord[];
}

interface Document {
  readonly schema: JsonNode;
  readonly payload: JsonObject;
}

export function document(text: string): Document {
  return parseLosslessJson(text) as unknown as Document;
}

/** The table as its records describe it. `identity` names the columns of the replica identity. */
export function goldenTableSchema(record: GoldenRecord, identity?: readonly string[]): TableSchema {
  const value = document(record.value ?? '');
  const row = schemaFromJson(value.schema).fields?.[0]?.schema as ConnectSchema;
  const keyFields =
    record.key === null ? [] : (schemaFromJson(document(record.key).schema).fields ?? []);
  const keys = keyFields.map((field) => field.name);
  const source = value.payload['source'] as JsonObject;
  return {
    id: {
      catalog: source['db'] as string,
      schema: source['schema'] as string,
      table: source['table'] as string,
    },
    version: 1,
    columns: (row.fields ?? []).map((field, i) => ({
      name: field.name,
      schema: field.schema,
      format: { kind: 'string' },
      tupleIndex: i,
      sourceType: 'text',
      identity: (identity ?? keys).includes(field.name),
    })),
    keyColumns: keys.map((key) => (row.fields ?? []).findIndex((field) => field.name === key)),
    replicaIdentity: 'default',
  };
}

/** Groups a table's records: a delete with its tombstone, a change of key with all it gives. */
export function goldenChanges(
  table: TableSchema,
  records: readonly GoldenRecord[],
  full: boolean,
): readonly GoldenChange[] {
  const changes: GoldenChange[] = [];
  for (let i = 0; i < records.length;) {
    const first = records[i] as GoldenRecord;
    let count = 1;
    if (records[i + count]?.value === null) count++;
    if (first.headers.some(([name]) => name === '__debezium.newkey')) count++;
    changes.push(goldenChange(table, records.slice(i, i + count), full));
    i += count;
  }
  return changes;
}

function goldenChange(
  table: TableSchema,
  records: readonly GoldenRecord[],
  full: boolean,
): GoldenChange {
  const first = document(records[0]?.value ?? '').payload;
  const last = records.at(-1)?.value;
  const after = document(typeof last === 'string' ? last : (records[0]?.value ?? '')).payload;
  const source = first['source'] as JsonObject;
  const before = image(table, first['before'] as JsonObject | null, !full);
  const values = after['after'] as JsonObject | null;
  const moved = records.length > 1 && values !== null;
  const [previous] = parseLosslessJson(source['sequence'] as string) as readonly (string | null)[];
  return {
    records,
    processedMicros: BigInt(first['ts_us'] as number),
    change: {
      op: moved ? 'u' : (first['op'] as RowOperation),
      table,
      before,
      beforeIsKeyOnly: before !== null && !full,
      after: image(table, values, false),
      family: 'postgres',
      lsn: lsn(BigInt(source['lsn'] as number)),
      commitLsn: lsn(BigInt(source['lsn'] as number)),
      previousCommitLsn: previous === null ? null : lsn(BigInt(previous as string)),
      ordinal: 0,
      transactionId: source['txId'] as number,
      sourceMicros: BigInt(source['ts_us'] as number),
      snapshot: source['snapshot'] as SnapshotMarker,
    },
    parse: (column, text) => valueFromJson(column.schema, parseLosslessJson(text)),
    placeholder: (column) => valueFromJson(column.schema, values?.[column.name]),
  };
}

function image(table: TableSchema, row: JsonObject | null, keyOnly: boolean): RowImage | null {
  if (row === null) return null;
  return RowImage.of(
    table.columns.map((column) => {
      // A key-only tuple says null for the columns that it does not tell.
      if (keyOnly && !column.identity) return null;
      const text = jsonText(row[column.name] ?? null);
      if (isPlaceholder(text)) return undefined;
      return text === 'null' ? null : text;
    }),
  );
}

function jsonText(node: JsonNode): string {
  return JSON.stringify(node, (_key, value: unknown) =>
    typeof value === 'bigint' ? Number(value) : value,
  );
}

function isPlaceholder(text: string): boolean {
  return /__debezium_unavailable_value|X19kZWJleml1bV91bmF2|^\[95,95,100,101,98/.test(text);
}
