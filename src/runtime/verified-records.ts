import { parseColumnText } from '../../dialects/text-values.ts';
import type { ChangeRecordContext } from '../envelope/change-records.ts';
import { changeToRecords } from '../envelope/change-records.ts';
import type { EnvelopeOptions, TableRecordSchemas } from '../envelope/envelope-options.ts';
import type { RowChange } from '../model/change-event.ts';
import type { ConnectData } from '../model/connect-record.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../model/connect-schema.ts';
import { isStruct } from '../model/connect-schema.ts';
import type { SinkRecord } from '../model/sink-record.ts';
import type { TableSchema } from '../model/table-schema.ts';
import { NOTHING } from '../transform/record-transform.ts';
import { sameValue } from '../transform/same-value.ts';
import type { ApplyChain } from '../transform/transform-chain.ts';
import { TransformWaits } from '../transform/transform-waits.ts';
import type { SinkTransforms } from './sink-transforms.ts';
import { notCompared } from '../verify/not-compared.ts';

/** What lies between a row of the source and what a sink is handed for it. */
export interface RecordPath {
  readonly envelope: EnvelopeOptions;
  /** Transforms of the source; null: it has none. */
  readonly apply: ApplyChain | null;
  /** Of the sink. */
  readonly transforms: SinkTransforms | null;
  /** Converters that put the default in the place of a null (replace.null.with.default). */
  readonly defaults: { readonly key: boolean; readonly value: boolean };
}

/**
 * Rows as a sink would be handed them, by the general path of the pipeline: schemas, masks,
 * converters of columns, transforms. Only the bytes between the two are left out.
 */
export class VerifiedRecords {
  readonly #path: RecordPath;
  readonly #context: ChangeRecordContext;

  constructor(path: RecordPath, table: TableSchema, schemas: TableRecordSchemas) {
    this.#path = path;
    this.#context = {
      schemas,
      // What is left out of the stream is in the table all the same.
      options: { ...path.envelope, skipped: new Set() },
      processedMicros: 0n,
      parse: (column, text) => parseColumnText(table.id, column, text),
      // A sink takes null for what has no form in its schema.
      placeholder: () => null,
    };
  }

  /** Null: transforms drop the row. */
  of(row: RowChange): SinkRecord | null {
    const [made] = changeToRecords(row, this.#context);
    if (made === undefined) return null;
    return this.passed({ ...EMPTY, topic: made.topic, key: made.key, value: made.value });
  }

  /** What becomes of a record on its way to the sink. */
  passed(record: SinkRecord): SinkRecord | null {
    const { apply, transforms } = this.#path;
    if (apply === null && transforms === null) return this.#defaulted(record);
    try {
      const sent = apply === null ? record : transformed(apply, record);
      if (sent === null) return null;
      const read = this.#defaulted(sent);
      const after = transforms === null ? read : transforms.transform(read, []);
      if (after !== null) checkKey(record, after);
      return after;
    } catch (thrown) {
      if (thrown instanceof TransformWaits)
        throw notCompared('rows behind a transform that asks the database');
      throw thrown;
    }
  }

  #defaulted(record: SinkRecord): SinkRecord {
    const { defaults } = this.#path;
    if (!defaults.key && !defaults.value) return record;
    return {
      ...record,
      key: defaults.key ? withDefaults(record.key) : record.key,
      value: defaults.value ? withDefaults(record.value) : record.value,
    };
  }
}

const EMPTY = {
  partition: 0,
  generation: 1,
  offset: 0,
  sequence: 0,
  timestampMs: 0,
  absent: [],
} as const;

function transformed(apply: ApplyChain, record: SinkRecord): SinkRecord | null {
  const { topic } = record;
  const data = { key: dataOf(record.key), value: dataOf(record.value) };
  const after = apply({ topic, ...data, headers: [], timestampMs: null });
  if (after === null) return null;
  return { ...record, topic: after.topic, key: structOf(after.key), value: structOf(after.value) };
}

/** A key of the target has to be found in the source: one that was made anew cannot be. */
function checkKey({ key: before }: SinkRecord, { key: after }: SinkRecord): void {
  const old = new Map(before?.schema.fields?.map(({ name }, i) => [name, before.values[i]]));
  const isKept = (name: string, value: ConnectValue | undefined): boolean => {
    const was = old.get(name);
    return was !== undefined && value !== undefined && sameValue(was, value);
  };
  const fields = after?.schema.fields ?? [];
  if (fields.every(({ name }, i) => isKept(name, after?.values[i]))) return;
  throw notCompared('rows behind keys that transforms change');
}

function dataOf(struct: Struct | null): ConnectData {
  return struct === null ? NOTHING : { schema: struct.schema, value: struct };
}

function structOf({ value }: ConnectData): Struct | null {
  return value !== null && isStruct(value) ? value : null;
}

function withDefaults(struct: Struct | null): Struct | null {
  if (struct === null) return null;
  const { schema, values } = struct;
  const fields = schema.fields ?? [];
  return { schema, values: values.map((value, i) => defaulted(value, fields[i]?.schema)) };
}

function defaulted(value: ConnectValue, schema: ConnectSchema | undefined): ConnectValue {
  if (value === null) return schema?.default ?? null;
  return isStruct(value) ? withDefaults(value) : value;
}
