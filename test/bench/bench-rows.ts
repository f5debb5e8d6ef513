import { createHash } from 'node:crypto';
import { mapPostgresType } from '../../dialects/postgres/postgres-types.ts';
import { DEFAULT_VALUE_MODES } from '../../dialects/postgres/postgres-value-modes.ts';
import type { EnvelopeOptions } from '../../src/envelope/envelope-options.ts';
import type { PostgresRowChange, RowChange } from '../../src/model/change-event.ts';
import { lsn } from '../../src/model/lsn.ts';
import { RowImage } from '../../src/model/row-image.ts';
import type { ColumnSchema, TableSchema } from '../../src/model/table-schema.ts';
import type { RowEncoder } from '../../src/rowpath/row-encoder.ts';
import { RecordBatch } from '../../src/transport/record-batch.ts';
import { typeInfo } from '../support/table-fixtures.ts';

const COLUMNS: readonly (readonly [name: string, type: string, typmod: number])[] = [
  ['id', 'int8', -1],
  ['customer_id', 'int4', -1],
  ['amount', 'numeric', 4 + (12 << 16) + 2],
  ['weight', 'float8', -1],
  ['paid', 'bool', -1],
  ['sku', 'varchar', 44],
  ['note', 'text', -1],
  ['created_at', 'timestamp', 6],
  ['updated_at', 'timestamptz', -1],
  ['due', 'date', -1],
  ['ref', 'uuid', -1],
  ['meta', 'jsonb', -1],
];
const NULLABLE = new Set(['weight', 'note', 'due', 'meta']);

/** As the benchmarks of a whole pipeline have them. */
export const OPTIONS: EnvelopeOptions = {
  topicPrefix: 'bench',
  connector: 'postgresql',
  version: '0.1.0',
  database: 'bench',
  tombstonesOnDelete: true,
  unavailableValuePlaceholder: '__debezium_unavailable_value',
  absentHeader: true,
};

function columnOf(name: string, type: string, typmod: number, index: number): ColumnSchema {
  const info = typeInfo(type);
  const mapped = mapPostgresType(
    { typeOid: 1, typmod, typeText: type },
    () => info,
    DEFAULT_VALUE_MODES,
  );
  if (!mapped.supported) throw new Error(`${type} is not supported`);
  return {
    name,
    schema: { ...mapped.schema, optional: NULLABLE.has(name) },
    format: mapped.format,
    tupleIndex: index,
    sourceType: type,
    identity: index === 0,
  };
}

/** The table of the workload: 12 columns of mixed types. */
export const TABLE: TableSchema = {
  id: { catalog: 'bench', schema: 'public', table: 'bench_orders' },
  version: 1,
  columns: COLUMNS.map(([name, type, typmod], i) => columnOf(name, type, typmod, i)),
  keyColumns: [0],
  replicaIdentity: 'default',
};

const md5 = (g: number): string => createHash('md5').update(String(g)).digest('hex');

function rowOf(g: number): RowImage {
  const hash = md5(g);
  const uuid = hash.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  const created = new Date(Date.UTC(2024, 0, 1) + g).toISOString().replace('T', ' ').slice(0, 23);
  const updated = new Date(Date.UTC(2024, 0, 1) + g * 1000).toISOString();
  return RowImage.of([
    String(g),
    String((g * 7919) % 100_000),
    (((g * 31) % 10_000_000) / 100).toFixed(2),
    String(Math.round(g * 37) / 100),
    g % 3 === 0 ? 't' : 'f',
    `SKU-${String(g % 99_991).padStart(12, '0')}`,
    `order note ${hash} ${md5(g + 1)} lorem ipsum dolor sit`,
    `${created}017`,
    `${updated.slice(0, 10)} ${updated.slice(11, 19)}+00`,
    `2024-03-${String((g % 28) + 1).padStart(2, '0')}`,
    uuid,
    `{"n": ${g % 100}, "s": "status-${g % 7}", "ch": "web", "tags": ["a", "b"]}`,
  ]);
}

/** As they come from the socket: many rows in one buffer. */
export function inOneChunk(images: readonly RowImage[]): readonly RowImage[] {
  const chunk = Buffer.concat(images.map((image) => image.bytes));
  let base = 0;
  for (const image of images) {
    for (let i = 0; i < image.count; i++) {
      image.starts[i] = (image.starts[i] as number) + base;
      image.ends[i] = (image.ends[i] as number) + base;
    }
    base += image.bytes.length;
    image.bytes = chunk;
  }
  return images;
}

/** µs and bytes of a row. */
export interface Figure {
  readonly microsPerRow: number;
  readonly bytesPerRow: number;
}

/** What is encoded: rows as they come, and where each of them stands. */
export interface EncodedRows {
  readonly images: readonly RowImage[];
  readonly change: RowChange;
  /** One place further, and whether a transaction begins there. */
  readonly moves: (begins: boolean) => void;
}

/** Rows of the table above, from PostgreSQL. */
function postgresRows(): EncodedRows {
  const change: PostgresRowChange = {
    op: 'c',
    table: TABLE,
    before: null,
    beforeIsKeyOnly: false,
    after: null,
    ordinal: 0,
    family: 'postgres',
    lsn: lsn(0n),
    commitLsn: lsn(0n),
    previousCommitLsn: lsn(1n),
    transactionId: 1,
    sourceMicros: 1795250776579200n,
    snapshot: 'false',
  };
  let position = 649_128_472n;
  const moves = (begins: boolean): void => {
    if (begins) change.commitLsn = lsn(position + 1_000_000n);
    change.ordinal = begins ? 0 : change.ordinal + 1;
    position += 137n;
    change.lsn = lsn(position);
  };
  return { images: inOneChunk(rowImages(rowOf)), change, moves };
}

/** A thousand rows. */
export function rowImages(rowOf: (g: number) => RowImage): readonly RowImage[] {
  return Array.from({ length: 1000 }, (_, i) => rowOf(100_000 + i));
}

/** Encodes inserts, a thousand a batch; the figures are those of the best of many short rounds. */
export function measureEncoder(
  encoder: Pick<RowEncoder, 'row' | 'processedAt'>,
  rows: number,
  { images, change, moves }: EncodedRows = postgresRows(),
): Figure {
  const batch = new RecordBatch();
  let bytes = 0;
  const pass = (count: number): void => {
    for (let done = 0; done < count; done += images.length) {
      batch.clear();
      encoder.processedAt(1_795_250_776_723_798n);
      for (let i = 0; i < images.length; i++) {
        moves(i === 0);
        change.after = images[i] as RowImage;
        encoder.row(change, batch);
      }
      bytes = batch.byteLength;
    }
  };
  pass(rows / 2);
  // What else runs on the machine only makes a round longer.
  let best = Number.POSITIVE_INFINITY;
  const step = 4 * images.length;
  for (let done = 0; done < rows; done += step) {
    const start = process.hrtime.bigint();
    pass(step);
    best = Math.min(best, Number(process.hrtime.bigint() - start) / 1000 / step);
  }
  return { microsPerRow: best, bytesPerRow: bytes / images.length };
}
