import { createHash } from 'node:crypto';
import type { ColumnType } from '../../dialects/mysql/ddl/table-definition.ts';
import { mapMysqlType } from '../../dialects/mysql/mysql-types.ts';
import { DEFAULT_MYSQL_VALUE_MODES } from '../../dialects/mysql/mysql-value-modes.ts';
import type { BinlogRowChange } from '../../src/model/change-event.ts';
import { RowImage, ValueKind } from '../../src/model/row-image.ts';
import type { ColumnSchema, TableSchema } from '../../src/model/table-schema.ts';
import { mysqlColumnType } from '../support/mysql-column-type.ts';
import type { EncodedRows } from './bench-rows.ts';
import { inOneChunk, rowImages } from './bench-rows.ts';

const COLUMNS: readonly (readonly [name: string, base: string, type: Partial<ColumnType>])[] = [
  ['id', 'bigint', { unsigned: true }],
  ['customer_id', 'int', {}],
  ['amount', 'decimal', { length: 12, scale: 2 }],
  ['weight', 'double', {}],
  ['paid', 'tinyint', { length: 1 }],
  ['sku', 'varchar', { length: 40 }],
  ['note', 'text', {}],
  ['created_at', 'datetime', { length: 6 }],
  ['updated_at', 'timestamp', {}],
  ['due', 'date', {}],
  ['ref', 'binary', { length: 16 }],
  ['meta', 'json', {}],
];
const NULLABLE = new Set(['weight', 'note', 'due', 'meta']);

function columnOf(
  name: string,
  base: string,
  type: Partial<ColumnType>,
  index: number,
): ColumnSchema {
  const mapped = mapMysqlType(mysqlColumnType(base, type), DEFAULT_MYSQL_VALUE_MODES);
  if (!mapped.supported) throw new Error(`${base} is not supported`);
  return {
    name,
    schema: { ...mapped.schema, optional: NULLABLE.has(name) },
    format: mapped.format,
    tupleIndex: index,
    sourceType: base,
    identity: true,
  };
}

/** The table of the workload as MySQL has it. */
export const MYSQL_TABLE: TableSchema = {
  id: { catalog: 'def', schema: 'bench', table: 'bench_orders' },
  version: 1,
  columns: COLUMNS.map(([name, base, type], i) => columnOf(name, base, type, i)),
  keyColumns: [0],
  replicaIdentity: 'full',
};

const md5 = (g: number): Buffer => createHash('md5').update(String(g)).digest();

function rowOf(g: number): RowImage {
  const hash = md5(g);
  const created = new Date(Date.UTC(2024, 0, 1) + g).toISOString().replace('T', ' ').slice(0, 23);
  const updated = new Date(Date.UTC(2024, 0, 1) + g * 1000).toISOString();
  const values = [
    String(g),
    String((g * 7919) % 100_000),
    (((g * 31) % 10_000_000) / 100).toFixed(2),
    String(Math.round(g * 37) / 100),
    g % 3 === 0 ? '1' : '0',
    `SKU-${String(g % 99_991).padStart(12, '0')}`,
    `order note ${hash.toString('hex')} ${md5(g + 1).toString('hex')} lorem ipsum dolor sit`,
    `${created}017`,
    `${updated.slice(0, 10)} ${updated.slice(11, 19)}`,
    `2024-03-${String((g % 28) + 1).padStart(2, '0')}`,
    hash,
    `{"n": ${g % 100}, "s": "status-${g % 7}", "ch": "web", "tags": ["a", "b"]}`,
  ].map((value) => Buffer.from(value));
  const image = new RowImage();
  image.reset(Buffer.concat(values), values.length);
  let at = 0;
  values.forEach((value, i) => {
    image.kinds[i] = ValueKind.text;
    image.starts[i] = at;
    image.ends[i] = at += value.length;
  });
  return image;
}

/** Rows of that table, of one transaction to a thousand. */
export function mysqlRows(): EncodedRows {
  const change: BinlogRowChange = {
    op: 'c',
    table: MYSQL_TABLE,
    before: null,
    beforeIsKeyOnly: false,
    after: null,
    ordinal: 0,
    family: 'binlog',
    serverId: 80,
    gtid: '531e30d3-e585-11f1-809b-02fc00000001:67',
    file: 'binlog.000001',
    pos: 4,
    groupPos: 4,
    row: 0,
    thread: 246,
    query: null,
    transactionId: '531e30d3-e585-11f1-809b-02fc00000001:67',
    sourceMicros: 1_795_251_884_908_171n,
    snapshot: 'false',
  };
  let transaction = 0;
  const moves = (begins: boolean): void => {
    change.ordinal = begins ? 0 : change.ordinal + 1;
    change.pos += 137;
    change.row++;
    if (!begins) return;
    change.gtid = `531e30d3-e585-11f1-809b-02fc00000001:${++transaction}`;
    change.row = 0;
  };
  return { images: inOneChunk(rowImages(rowOf)), change, moves };
}
