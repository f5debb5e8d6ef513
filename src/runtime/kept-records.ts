import type { EnvelopeOptions } from '../envelope/envelope-options.ts';
import {
  ABSENT_HEADER,
  NEW_KEY_ABSENT_HEADER,
  NEW_KEY_HEADER,
  OLD_KEY_HEADER,
  unknownValue,
} from '../envelope/record-plan.ts';
import { ENVELOPE_FIELD, tableRecordSchemas } from '../envelope/table-record-schemas.ts';
import type { KeptShape } from '../evolution/kept-shape.ts';
import { type ValueFit, valueFit } from '../evolution/value-fit.ts';
import type { ConnectData, ConnectHeader, ConnectRecord } from '../model/connect-record.ts';
import {
  type ConnectSchema,
  type ConnectValue,
  isStruct,
  type Struct,
} from '../model/connect-schema.ts';
import { rowColumns, type TableSchema } from '../model/table-schema.ts';
import { sameValue } from '../transform/same-value.ts';

/** A value that has no form in the shape that is kept. */
export class ValueMisfit extends Error {
  constructor(field: string) {
    super(`a value of ${field} cannot be written in the old shape without loss`);
    this.name = 'ValueMisfit';
  }
}

/** A field of the records, and where it comes from. */
interface KeptField {
  readonly name: string;
  readonly schema: ConnectSchema;
  /** The field's name in the records of the table itself; null: it has gone. */
  readonly source: string | null;
}

/** The same for records of one schema. */
interface FieldPlan {
  /** Where it stands there; -1: it does not. */
  readonly at: number;
  readonly field: KeptField;
  readonly fit: ValueFit | null;
  /** What stands in an old row that does not tell the column, there and here. */
  readonly unknown: readonly [there: ConnectValue, here: ConnectValue];
}

type Plans = WeakMap<ConnectSchema, readonly FieldPlan[]>;

const STRUCT_HEADERS: ReadonlySet<string> = new Set([NEW_KEY_HEADER, OLD_KEY_HEADER]);
const FIELD_LISTS: ReadonlySet<string> = new Set([ABSENT_HEADER, NEW_KEY_ABSENT_HEADER]);

/** Gives the records of a table another shape than it has; what is done is decided per schema. */
export class KeptRecords {
  readonly #topic: string;
  readonly #row: ConnectSchema;
  readonly #envelope: ConnectSchema;
  readonly #key: ConnectSchema | null;
  readonly #rowFields: readonly KeptField[];
  readonly #keyFields: readonly KeptField[];
  readonly #plans = new WeakMap<readonly KeptField[], Plans>();
  #lastKey: Struct | null = null;

  constructor({ table, sources }: KeptShape, actual: TableSchema, options: EnvelopeOptions) {
    const [out, own] = [table, actual].map((one) => tableRecordSchemas(one, options));
    if (out === undefined || own === undefined) throw new RangeError('two shapes');
    const fieldOf = new Map(
      rowColumns(actual).map(({ name }, i) => [name, own.row.fields?.[i]?.name ?? null] as const),
    );
    const sourceOf = new Map(table.columns.map(({ name }, i) => [name, sources[i] ?? null]));
    const source = (column: string | undefined): string | null =>
      fieldOf.get(sourceOf.get(column ?? '') ?? '') ?? null;
    const columns = rowColumns(table);
    this.#topic = out.topic;
    this.#row = out.row;
    this.#envelope = out.envelope;
    this.#key = out.key;
    this.#rowFields = (out.row.fields ?? []).map((field, i) => ({
      ...field,
      source: source(columns[i]?.name),
    }));
    this.#keyFields = (out.key?.fields ?? []).map((field, i) => {
      const column = table.columns[table.keyColumns[i] ?? -1];
      // Behind the columns there may be one that tells the table.
      return { ...field, source: column === undefined ? field.name : source(column.name) };
    });
  }

  /** Throws ValueMisfit. */
  of(record: ConnectRecord): ConnectRecord {
    const { value, headers } = record;
    const absent = absentNames(headers);
    const row = this.#valueOf(value, absent);
    return {
      ...record,
      topic: this.#topic,
      key: this.#keyOf(record),
      value: row,
      headers: headers.flatMap((header) => this.#header(header) ?? []),
    };
  }

  #valueOf(data: ConnectData, absent: ReadonlySet<string>): ConnectData {
    if (data.value === null || !isStruct(data.value)) return data;
    const values = [...data.value.values];
    for (const at of [ENVELOPE_FIELD.before, ENVELOPE_FIELD.after]) {
      const image = values[at] ?? null;
      if (image === null || !isStruct(image)) continue;
      values[at] = {
        schema: this.#row,
        values: this.#plan(image.schema, this.#rowFields).map((plan) =>
          kept(plan, image, absent, at === ENVELOPE_FIELD.before),
        ),
      };
    }
    return { schema: this.#envelope, value: { schema: this.#envelope, values } };
  }

  /** Columns that are no part of the table's key any more stand in its row. */
  #keyOf({ key, value }: ConnectRecord): ConnectData {
    const schema = this.#key;
    if (schema === null) return NOTHING;
    const own = key.value !== null && isStruct(key.value) ? key.value : null;
    const envelope = value.value !== null && isStruct(value.value) ? value.value : null;
    const row = envelope?.values[ENVELOPE_FIELD.after] ?? envelope?.values[ENVELOPE_FIELD.before];
    const image = row !== undefined && row !== null && isStruct(row) ? row : null;
    // A truncate is of no row.
    if (own === null && image === null && envelope !== null) return NOTHING;
    const values = this.#keyFields.map((field, i) => {
      for (const struct of [own, image]) {
        const plan = struct === null ? undefined : this.#plan(struct.schema, this.#keyFields)[i];
        if (struct !== null && plan !== undefined && plan.at >= 0) return kept(plan, struct, NONE);
      }
      // A tombstone stands behind the delete that it belongs to.
      if (envelope === null && this.#lastKey !== null) return this.#lastKey.values[i] ?? null;
      throw new ValueMisfit(field.name);
    });
    this.#lastKey = { schema, values };
    return { schema, value: this.#lastKey };
  }

  #header(header: ConnectHeader): ConnectHeader | null {
    const { name, value } = header;
    if (FIELD_LISTS.has(name) && typeof value === 'string') {
      const names = JSON.parse(value) as readonly string[];
      const fields = names.flatMap(
        (one) => this.#rowFields.find(({ source }) => source === one)?.name ?? [],
      );
      return fields.length === 0 ? null : { ...header, value: JSON.stringify(fields) };
    }
    if (!STRUCT_HEADERS.has(name) || value === null || !isStruct(value) || this.#key === null) {
      return header;
    }
    const values = this.#plan(value.schema, this.#keyFields).map((plan) => {
      if (plan.at < 0) throw new ValueMisfit(plan.field.name);
      return kept(plan, value, NONE);
    });
    return { name, schema: this.#key, value: { schema: this.#key, values } };
  }

  #plan(schema: ConnectSchema, fields: readonly KeptField[]): readonly FieldPlan[] {
    const plans: Plans = this.#plans.get(fields) ?? new WeakMap();
    this.#plans.set(fields, plans);
    const known = plans.get(schema);
    if (known !== undefined) return known;
    const given = schema.fields ?? [];
    const plan = fields.map((field): FieldPlan => {
      const at = given.findIndex(({ name }) => name === field.source);
      const from = given[at];
      if (from === undefined) return { at, field, fit: null, unknown: [null, null] };
      const unknown = [unknownValue(from.schema), unknownValue(field.schema)] as const;
      return { at, field, fit: valueFit(from.schema, field.schema), unknown };
    });
    plans.set(schema, plan);
    return plan;
  }
}

const NONE: ReadonlySet<string> = new Set();
const NOTHING: ConnectData = { schema: null, value: null };

function kept(
  { at, field, fit, unknown }: FieldPlan,
  { values }: Struct,
  absent: ReadonlySet<string>,
  isOldRow = false,
): ConnectValue {
  if (at < 0) {
    if (field.schema.optional) return null;
    throw new ValueMisfit(field.name);
  }
  const value = values[at] ?? null;
  const fitted = fit?.(value);
  if (fitted !== undefined) return fitted;
  // Of a table whose deletes tell the key alone: the zero of one type is no value of another.
  if (isOldRow && sameValue(value, unknown[0])) return unknown[1];
  // Nobody knows it, so that nothing is lost.
  if (field.schema.optional && field.source !== null && absent.has(field.source)) return null;
  throw new ValueMisfit(field.name);
}

function absentNames(headers: readonly ConnectHeader[]): ReadonlySet<string> {
  const value = headers.find(({ name }) => name === ABSENT_HEADER)?.value;
  return typeof value === 'string' ? new Set(JSON.parse(value) as string[]) : NONE;
}
