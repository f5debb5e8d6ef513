import type { ValueEncoder } from '../../../dialects/dialect.ts';
import { must } from '../../foundation/assert.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../../model/connect-schema.ts';
import { valuesOnce } from '../../model/connect-schema.ts';
import type { ChangeColumn, ChangeFacts, ChangeReader } from '../change-metadata.ts';
import type { ReadingOptions } from './field-reading.ts';
import { fieldSchema, readingEncoder } from './field-reading.ts';
import { COORDINATES } from './log-coordinates.ts';
import type { ColumnSet, TableModel } from './table-model.ts';

/** Stands where the source sent no value, which is not null: the target's value stays (S4). */
export const ABSENT = Symbol('absent');

/** Text for the target; undefined: a column that the record's schema does not have. */
export type Cell = string | null | undefined | typeof ABSENT;

/** By number of the target's column. */
export type Cells = readonly Cell[];

/** A field of a struct, and the column that it goes to. */
export interface PlannedField {
  /** Place in the struct. */
  readonly index: number;
  readonly name: string;
  /** Number of the target's column. */
  readonly column: number;
  readonly encoder: ValueEncoder;
}

interface PlannedMark {
  /** Number of the target's column. */
  readonly column: number;
  readonly encoder: ValueEncoder;
  readonly read: ChangeReader;
}

/** How the columns of one schema get into one table. */
export interface RowPlan {
  readonly fields: readonly PlannedField[];
  /** Fields of the key struct, of the row, or of the coordinates; none: no key. */
  readonly keyFields: readonly PlannedField[];
  readonly keyFromValue: boolean;
  /** By which keys are read; null: rows have none. */
  readonly keySchema: ConnectSchema | null;
  /** The key is the record's place in the log. */
  readonly keyFromLog: boolean;
  /** All that a row writes. */
  readonly columns: ColumnSet;
  /** Of these, those that the source has: rows without key are told apart by them. */
  readonly ownColumns: ColumnSet;
  readonly keyColumns: ColumnSet;
  /** Columns that tell of the change. */
  readonly marks: readonly PlannedMark[];
  /** A row without values, to be copied. */
  readonly blank: Cells;
}

/** Field and column name pairs that are written. */
export interface PlannedName {
  readonly field: string;
  readonly column: string;
}

function planFields(
  model: TableModel,
  schema: ConnectSchema,
  names: readonly PlannedName[],
  isKey: boolean,
  options: ReadingOptions,
): readonly PlannedField[] {
  const wanted = new Map(names.map(({ field, column }) => [field, column]));
  return (schema.fields ?? []).flatMap((field, index) => {
    const name = wanted.get(field.name);
    if (name === undefined) return [];
    const column = model.number(name);
    const target = must(model.table.columns[column], 'column');
    // A column that the target computes itself cannot be written.
    if (target.generated) return [];
    const plain = model.encoder(fieldSchema(field, options), column);
    const place = { column: target, isKey, zoneInTexts: model.zoneInTexts };
    const encoder = readingEncoder(plain, field, place, options);
    return [{ index, name: field.name, column, encoder }];
  });
}

function planMark(
  model: TableModel,
  { name, schema, reader }: ChangeColumn,
  value: ConnectSchema | null,
): PlannedMark {
  const column = model.number(name);
  return { column, encoder: model.encoder(schema, column), read: reader(value) };
}

/**
 * Compiles the way of a schema's rows into a table; once per pair of schemas. `value` is that of
 * the records, envelope and all; null: they are tombstones.
 */
export function planRow(
  model: TableModel,
  row: { readonly schema: ConnectSchema; readonly names: readonly PlannedName[] } | null,
  key: { readonly schema: ConnectSchema; readonly names: readonly PlannedName[] } | null,
  options: ReadingOptions,
  changes: { readonly columns: readonly ChangeColumn[]; readonly value: ConnectSchema | null },
): RowPlan {
  const fields = row === null ? [] : planFields(model, row.schema, row.names, false, options);
  const keyFields = key === null ? [] : planFields(model, key.schema, key.names, true, options);
  const marks = changes.columns.map((column) => planMark(model, column, changes.value));
  const own = new Set([...fields, ...keyFields].map(({ column }) => column));
  const all = new Set([...own, ...marks.map(({ column }) => column)]);
  return {
    fields,
    keyFields,
    keyFromValue: key !== null && key.schema === row?.schema,
    keySchema: key?.schema ?? null,
    keyFromLog: key?.schema === COORDINATES,
    columns: model.columnSet([...all]),
    ownColumns: model.columnSet([...own]),
    marks,
    keyColumns: model.columnSet(keyFields.map(({ column }) => column)),
    blank: model.table.columns.map(() => undefined),
  };
}

/** The text of a value; an error names the field. */
export function encodeField(field: PlannedField, value: ConnectValue | undefined): string | null {
  try {
    return field.encoder.encode(value ?? null);
  } catch (error) {
    if (!(error instanceof TidemarkError)) throw error;
    throw new TidemarkError(error.code, `column ${field.name}: ${error.message}`, {
      cause: error,
      cure: error.cure,
    });
  }
}

/** Recognises the stand-in of sources that send no header with the absent columns. */
export class AbsentValues {
  readonly #text: string | null;
  readonly #bytes: Buffer;

  constructor(placeholder: string | null) {
    this.#text = placeholder;
    this.#bytes = Buffer.from(placeholder ?? '');
  }

  isPlaceholder(value: ConnectValue | undefined): boolean {
    if (this.#text === null) return false;
    if (typeof value === 'string') return value === this.#text;
    if (Buffer.isBuffer(value)) return value.equals(this.#bytes);
    return Array.isArray(value) && value.length === 1 && value[0] === this.#text;
  }
}

/**
 * The row's cells. `absent` are names of fields whose value is a stand-in; with the list at hand, a
 * text that happens to equal the placeholder is a text.
 */
export function encodeRow(
  plan: RowPlan,
  row: Struct,
  absent: readonly string[],
  placeholder: AbsentValues,
): Cell[] {
  const cells = plan.blank.slice();
  const values = valuesOnce(row);
  const listed = absent.length > 0;
  for (const field of plan.fields) {
    const value = values[field.index];
    const isAbsent = listed ? absent.includes(field.name) : placeholder.isPlaceholder(value);
    cells[field.column] = isAbsent ? ABSENT : encodeField(field, value);
  }
  return cells;
}

/** The key's texts, in the order of `keyColumns`, set into `cells`. Throws for a null in a key. */
export function encodeKey(plan: RowPlan, key: Struct, cells: Cell[]): void {
  for (const field of plan.keyFields) {
    const text = encodeField(field, key.values[field.index]);
    if (text === null) throw nullInKey(field);
    cells[field.column] = text;
  }
}

/** Rows are not found by a key that has none. */
export function nullInKey({ name }: PlannedField): TidemarkError {
  return new TidemarkError('SINK_RECORD', `the key column ${name} is null`, {
    cure: 'Set message.key.columns or pk.fields to columns that are never null.',
  });
}

/** Sets what is told of the change; what the record does not know stays as it is. */
export function encodeMarks(plan: RowPlan, facts: ChangeFacts, cells: Cell[]): void {
  for (const { column, encoder, read } of plan.marks) {
    const value = read(facts);
    cells[column] = value === undefined ? undefined : encoder.encode(value);
  }
}

/** Rows are found by the key of their records, not by what stands in the rows. */
export function isKeyedByRecord(plan: RowPlan): boolean {
  return plan.keyFields.length > 0 && !plan.keyFromValue && !plan.keyFromLog;
}

/** Distinguishes keys; equal texts are equal keys. */
export function keyText(keyColumns: ColumnSet, cells: Cells): string {
  if (keyColumns.length === 1) return cells[keyColumns[0] as number] as string;
  let text = '';
  for (const column of keyColumns) {
    const part = cells[column] as string;
    text += `${part.length}:${part}`;
  }
  return text;
}
