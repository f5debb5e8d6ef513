import type { RowChange } from '../model/change-event.ts';
import { DECIMAL } from '../model/connect-schema.ts';
import type { ConnectSchema, ConnectValue } from '../model/connect-schema.ts';
import { ValueKind } from '../model/row-image.ts';
import type { RowImage } from '../model/row-image.ts';
import type { ColumnSchema, TableSchema, TextFormat } from '../model/table-schema.ts';
import { adjustFieldName, type NameAdjustment } from '../model/name-adjustment.ts';

/**
 * The one decision which log records a change becomes, and which image fills which part. Both the
 * general path (change-records.ts) and the compiled encoders (rowpath) follow it. Pure; plans are
 * shared constants, so that a row costs no allocation.
 */

export const NEW_KEY_HEADER = '__debezium.newkey';
export const OLD_KEY_HEADER = '__debezium.oldkey';
/** Names of the fields that hold a placeholder, as a JSON array (DESIGN ruling 7). */
export const ABSENT_HEADER = '__tidemark.absent';
/**
 * Of the delete at an old key: what the create at the new one lacks. Only then has a sink to carry
 * values over; where the two are in different partitions it cannot look at the create.
 */
export const NEW_KEY_ABSENT_HEADER = '__tidemark.newkey.absent';

/** Which image of the change a part is made from. */
export type ImageSide = 'before' | 'after';

/** One log record of a change: what it is made from. */
export interface PlannedRecord {
  /** Null: a tombstone, a record with null value. */
  readonly op: 'c' | 'u' | 'd' | 'r' | null;
  /** The image whose key columns make the record's key. */
  readonly key: ImageSide;
  /** Envelope.before is made from the before image; otherwise it is null. */
  readonly before: boolean;
  /** Envelope.after is made from the after image; otherwise it is null. */
  readonly after: boolean;
  /** The header that carries the key of the *other* image; null: none. */
  readonly keyHeader: typeof NEW_KEY_HEADER | typeof OLD_KEY_HEADER | null;
}

const CREATE: PlannedRecord = {
  op: 'c',
  key: 'after',
  before: false,
  after: true,
  keyHeader: null,
};
const UPDATE: PlannedRecord = { ...CREATE, op: 'u', before: true };
const DELETE: PlannedRecord = {
  op: 'd',
  key: 'before',
  before: true,
  after: false,
  keyHeader: null,
};
const TOMBSTONE: PlannedRecord = { ...DELETE, op: null, before: false };
const MOVED_AWAY: PlannedRecord = { ...DELETE, keyHeader: NEW_KEY_HEADER };
const MOVED_AWAY_TOMBSTONE: PlannedRecord = { ...TOMBSTONE, keyHeader: NEW_KEY_HEADER };
const MOVED_HERE: PlannedRecord = { ...CREATE, keyHeader: OLD_KEY_HEADER };

const PLANS = {
  none: [],
  c: [CREATE],
  r: [{ ...CREATE, op: 'r' }],
  u: [UPDATE],
  uWithoutBefore: [{ ...UPDATE, before: false }],
  d: [DELETE],
  dWithTombstone: [DELETE, TOMBSTONE],
  move: [MOVED_AWAY, MOVED_HERE],
  moveWithTombstone: [MOVED_AWAY, MOVED_AWAY_TOMBSTONE, MOVED_HERE],
} as const satisfies Readonly<Record<string, readonly PlannedRecord[]>>;

/** What of the options decides about the records of a change. */
export interface PlanOptions {
  readonly tombstonesOnDelete: boolean;
  readonly skipUnchanged?: boolean;
  /** skipped.operations: a change of key counts as the delete and the create that it becomes. */
  readonly skipped?: ReadonlySet<string>;
}

/** The records of a change, in their order (PITFALLS C23, C25). */
export function planRecords(change: RowChange, options: PlanOptions): readonly PlannedRecord[] {
  const plan = planAll(change, options);
  const { skipped } = options;
  if (skipped === undefined || skipped.size === 0) return plan;
  return plan.filter(({ op }) => !skipped.has(op ?? 'd'));
}

function planAll(change: RowChange, options: PlanOptions): readonly PlannedRecord[] {
  switch (change.op) {
    case 'c':
      return PLANS.c;
    case 'r':
      return PLANS.r;
    case 'd':
      return options.tombstonesOnDelete ? PLANS.dWithTombstone : PLANS.d;
    case 'u':
      if (keyChanged(change))
        return options.tombstonesOnDelete ? PLANS.moveWithTombstone : PLANS.move;
      if (options.skipUnchanged === true && isUnchanged(change)) return PLANS.none;
      return change.before === null ? PLANS.uWithoutBefore : PLANS.u;
  }
}

/** The update moved the row to another key: the old tuple says so, byte for byte. */
export function keyChanged(change: RowChange): boolean {
  const { before, after, table } = change;
  if (before === null || after === null) return false;
  for (const index of table.keyColumns) {
    const column = table.columns[index] as ColumnSchema;
    if (!sameText(change, before, after, column)) return true;
  }
  return false;
}

/** No captured column has changed; unknown without the whole old row (REPLICA IDENTITY FULL). */
function isUnchanged(change: RowChange): boolean {
  const { before, after, table } = change;
  if (before === null || after === null || change.beforeIsKeyOnly) return false;
  return table.columns.every((column) => sameText(change, before, after, column));
}

function sameText(
  change: RowChange,
  before: RowImage,
  after: RowImage,
  column: ColumnSchema,
): boolean {
  const at = column.tupleIndex;
  // Absent in `after` means unchanged.
  if (after.kinds[at] === ValueKind.absent) return true;
  if (!isKnownBefore(change, column)) return false;
  if (before.kinds[at] !== after.kinds[at]) return false;
  if (before.kinds[at] === ValueKind.null) return true;
  const start = before.starts[at] as number;
  const end = before.ends[at] as number;
  const otherStart = after.starts[at] as number;
  const otherEnd = after.ends[at] as number;
  if (end - start !== otherEnd - otherStart) return false;
  return before.bytes.compare(after.bytes, otherStart, otherEnd, start, end) === 0;
}

/**
 * Whether the before image knows the column. In a key-only image the others are not null but
 * unknown, and show `unknownValue` (PITFALLS P3).
 */
export function isKnownBefore(change: RowChange, column: ColumnSchema): boolean {
  return (
    (!change.beforeIsKeyOnly || column.identity) &&
    change.before !== null &&
    change.before.kinds[column.tupleIndex] !== ValueKind.absent
  );
}

/**
 * The image that holds the value of `after`'s column: normally `after`; the old tuple where the
 * new one says "unchanged" and the old one has it; null where nobody has it, and the placeholder
 * stands (golden README 10 and 14).
 */
export function imageOfAfter(change: RowChange, column: ColumnSchema): RowImage | null {
  const after = change.after as RowImage;
  if (after.kinds[column.tupleIndex] !== ValueKind.absent) return after;
  return isKnownBefore(change, column) ? change.before : null;
}

/** Names of the fields of `after` that hold a placeholder. */
export function absentFields(change: RowChange, mode: NameAdjustment): readonly string[] {
  const after = change.after as RowImage;
  let absent: string[] | null = null;
  for (const column of change.table.columns) {
    if (after.kinds[column.tupleIndex] !== ValueKind.absent) continue;
    if (imageOfAfter(change, column) === null) {
      (absent ??= []).push(adjustFieldName(column.name, mode));
    }
  }
  return absent ?? NONE;
}

const NONE: readonly string[] = [];

/**
 * Key fields that a key-only old tuple of the table does not tell: the replica identity is an
 * index that does not cover the key. Such records carry ABSENT_HEADER with these names, so that no
 * sink takes the zero in the key for a value.
 */
export function untoldKeyFields(table: TableSchema, mode: NameAdjustment): readonly string[] {
  return table.keyColumns
    .map((index) => table.columns[index] as ColumnSchema)
    .filter((column) => !column.identity)
    .map((column) => adjustFieldName(column.name, mode));
}

const FALLBACK_BY_NAME: Readonly<Record<string, ConnectValue>> = {
  'io.debezium.time.ZonedTimestamp': '1970-01-01T00:00:00Z',
  'io.debezium.time.ZonedTime': '00:00:00Z',
  'io.debezium.time.IsoDate': '1970-01-01Z',
  'io.debezium.time.IsoTime': '00:00:00Z',
  'io.debezium.time.IsoTimestamp': '1970-01-01T00:00:00Z',
};

/** Number zero, POINT(0 0), and an empty collection. */
const STRUCT_BY_NAME: Readonly<Record<string, readonly ConnectValue[]>> = {
  'io.debezium.data.VariableScaleDecimal': [0, Buffer.alloc(1)],
  'io.debezium.data.geometry.Point': [0, 0, wkbOf('0101000000', 16), null],
  'io.debezium.data.geometry.Geometry': [wkbOf('0107000000', 4), null],
  'io.debezium.data.geometry.Geography': [wkbOf('0107000000', 4), null],
};

function wkbOf(head: string, zeros: number): Buffer {
  return Buffer.concat([Buffer.from(head, 'hex'), Buffer.alloc(zeros)]);
}

/**
 * What stands in a key-only before image for a column that it does not tell: null where the
 * schema allows it, else the column's default, else the type's zero (golden README 8).
 */
export function unknownValue(schema: ConnectSchema, format?: TextFormat): ConnectValue {
  if (schema.optional) return null;
  if (schema.default !== undefined) return schema.default;
  if (schema.name === DECIMAL) {
    return { unscaled: 0n, scale: Number(schema.parameters?.['scale'] ?? 0) };
  }
  if (format?.kind === 'hstore' && format.as === 'json') return '{}';
  const fallback = schema.name === undefined ? undefined : FALLBACK_BY_NAME[schema.name];
  if (fallback !== undefined) return fallback;
  const parts = schema.name === undefined ? undefined : STRUCT_BY_NAME[schema.name];
  return parts === undefined
    ? zeroOf(schema)
    : { schema, values: (schema.fields ?? []).map((_, i) => parts[i] ?? null) };
}

function zeroOf(schema: ConnectSchema): ConnectValue {
  switch (schema.type) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'float32':
    case 'float64':
      return 0;
    case 'int64':
      return 0n;
    case 'boolean':
      return false;
    case 'string':
      return '';
    case 'bytes':
      return Buffer.alloc(0);
    case 'array':
      return [];
    case 'map':
      return new Map();
    case 'struct':
      return { schema, values: (schema.fields ?? []).map((field) => unknownValue(field.schema)) };
  }
}
