import type { ConnectSchema, ConnectValue, Struct } from '../model/connect-schema.ts';
import { isStruct, valueAt } from '../model/connect-schema.ts';
import type { SinkRecord } from '../model/sink-record.ts';

/** What a record wants done with its table. `before` is set only where the source sent one. */
export type RecordChange =
  | { readonly kind: 'write'; readonly after: Struct; readonly before: Struct | null }
  | { readonly kind: 'delete'; readonly before: Struct | null }
  | { readonly kind: 'truncate' }
  | { readonly kind: 'skip' };

/** How values of one schema are read; found once per schema object. */
export type ValueShape =
  | {
      readonly kind: 'envelope';
      readonly op: number;
      readonly before: number;
      readonly after: number;
      readonly source: number;
      /** Schema of `after`: the row. */
      readonly row: ConnectSchema;
    }
  | { readonly kind: 'flat'; readonly row: ConnectSchema }
  /** Heartbeats, transaction markers, schema changes: no rows. */
  | { readonly kind: 'other' };

const SKIP: RecordChange = { kind: 'skip' };
const TRUNCATE: RecordChange = { kind: 'truncate' };
const TOMBSTONE: RecordChange = { kind: 'delete', before: null };

const shapes = new WeakMap<ConnectSchema, ValueShape>();

function findShape(schema: ConnectSchema): ValueShape {
  const fields = schema.fields ?? [];
  const index = (name: string): number => fields.findIndex((field) => field.name === name);
  const op = index('op');
  const after = index('after');
  const row = fields[after]?.schema;
  if (op >= 0 && row?.type === 'struct') {
    return { kind: 'envelope', op, after, row, before: index('before'), source: index('source') };
  }
  // A logical message has op and message, no row; the others are records about the capture itself.
  const aboutCapture = schema.name?.startsWith('io.debezium.connector.') ?? false;
  return aboutCapture || schema.type !== 'struct'
    ? { kind: 'other' }
    : { kind: 'flat', row: schema };
}

/** The shape of a value's schema; schema objects are stable, so this is a look-up per record. */
export function shapeOf(schema: ConnectSchema): ValueShape {
  let shape = shapes.get(schema);
  if (shape === undefined) {
    shape = findShape(schema);
    shapes.set(schema, shape);
  }
  return shape;
}

/** A struct, or null where there is none. */
export function structOrNull(value: ConnectValue | undefined): Struct | null {
  return value !== undefined && isStruct(value) ? value : null;
}

/** Reads a Debezium envelope, a flat row, or a tombstone. */
export function changeOf(record: SinkRecord): RecordChange {
  const { value } = record;
  if (value === null) return record.key === null ? SKIP : TOMBSTONE;
  const shape = shapeOf(value.schema);
  if (shape.kind === 'other') return SKIP;
  if (shape.kind === 'flat') return { kind: 'write', after: value, before: null };
  const before = structOrNull(valueAt(value, shape.before));
  const after = structOrNull(valueAt(value, shape.after));
  switch (valueAt(value, shape.op)) {
    case 'c':
    case 'r':
    case 'u':
      return after === null ? SKIP : { kind: 'write', after, before };
    case 'd':
      return { kind: 'delete', before };
    case 't':
      return TRUNCATE;
    default:
      return SKIP;
  }
}

/** Whether an update: only then does the before image name a row that is to be replaced. */
export function isUpdate(record: SinkRecord): boolean {
  return opOf(record) === 'u';
}

/** Whether it says that the row was not there before, or does not care. */
export function isNewRow(record: SinkRecord): boolean {
  const op = opOf(record);
  return op === 'c' || op === 'r';
}

/** Null: the record has none. */
function opOf({ value }: SinkRecord): ConnectValue {
  const shape = value === null ? null : shapeOf(value.schema);
  if (value === null || shape?.kind !== 'envelope') return null;
  return valueAt(value, shape.op) ?? null;
}

/** A field of the envelope's source block as text; null when there is none. */
export function sourceField(value: Struct, name: string): string | null {
  const shape = shapeOf(value.schema);
  if (shape.kind !== 'envelope') return null;
  const source = structOrNull(valueAt(value, shape.source));
  const index = source?.schema.fields?.findIndex((field) => field.name === name) ?? -1;
  const found = source === null || index < 0 ? undefined : valueAt(source, index);
  return typeof found === 'string' ? found : null;
}
