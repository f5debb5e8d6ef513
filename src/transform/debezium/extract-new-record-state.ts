import type { ResolvedOptions } from '../../config/option.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectHeader, ConnectRecord } from '../../model/connect-record.ts';
import type {
  ConnectField,
  ConnectSchema,
  ConnectValue,
  Struct,
} from '../../model/connect-schema.ts';
import { optional } from '../../model/connect-schema.ts';
import { valuesOf } from '../schema-shape.ts';
import { dropFields, namesInHeader } from './drop-fields.ts';
import type { RecordTransform } from '../record-transform.ts';
import { envelopeOf, fieldSchema, fieldValue, structIn, NOTHING } from '../record-transform.ts';

type DeleteHandling =
  'drop' | 'tombstone' | 'rewrite' | 'rewrite-with-tombstone' | 'delete-to-tombstone';

/** A field of the envelope that goes along with the row, under another name. */
interface AddedField {
  /** Null: the field stands in the envelope itself. */
  readonly struct: string | null;
  readonly field: string;
  readonly name: string;
}

const DELETED: ConnectField = { name: '__deleted', schema: { type: 'string', optional: true } };
const TEXT: ConnectSchema = { type: 'string', optional: false };
const OF_ENVELOPE = new Set(['op', 'ts_ms', 'ts_us', 'ts_ns']);
const OF_TRANSACTION = new Set(['id', 'total_order', 'data_collection_order']);

/**
 * Debezium's ExtractNewRecordState ("unwrap"): the row takes the place of its envelope. Records
 * that are no envelopes pass as they are (FEATURES A4.1).
 */
export class ExtractNewRecordState implements RecordTransform {
  readonly addsHeadersInPlace = 'copied';
  readonly #deletes: DeleteHandling;
  readonly #fields: readonly AddedField[];
  readonly #headers: readonly AddedField[];
  readonly #routeBy: string | undefined;
  readonly #dropHeader: string | undefined;
  readonly #dropFromKey: boolean;
  readonly #dropOptionalOnly: boolean;
  readonly #replaceNull: boolean;
  readonly #schemas = new WeakMap<ConnectSchema, ConnectSchema>();

  constructor(options: ResolvedOptions) {
    this.#deletes = options.string('delete.tombstone.handling.mode') as DeleteHandling;
    const prefix = options.optionalString('add.fields.prefix') ?? '';
    this.#fields = options.list('add.fields').map((text) => addedField(text, prefix));
    const headerPrefix = options.optionalString('add.headers.prefix') ?? '';
    this.#headers = options.list('add.headers').map((text) => addedField(text, headerPrefix));
    this.#routeBy = options.optionalString('route.by.field');
    this.#dropHeader = options.optionalString('drop.fields.header.name');
    this.#dropFromKey = options.boolean('drop.fields.from.key');
    this.#dropOptionalOnly = options.boolean('drop.fields.keep.schema.compatible');
    this.#replaceNull = options.boolean('replace.null.with.default');
  }

  apply(record: ConnectRecord): ConnectRecord | null {
    if (record.value.value === null) return this.#tombstone(record);
    const envelope = envelopeOf(record);
    if (envelope === undefined) return record;
    const row = structIn(envelope, 'after');
    // A truncate.
    if (row === null && structIn(envelope, 'before') === null) return null;
    const headers = [
      ...record.headers,
      ...this.#headers.flatMap((field) => header(field, envelope)),
    ];
    const base = { ...record, headers };
    return row === null
      ? this.#deleted(base, envelope)
      : this.#extracted(base, envelope, row, 'false');
  }

  /** What a tombstone was made from is not known, but that it is of a delete. */
  #tombstone(record: ConnectRecord): ConnectRecord | null {
    if (this.#deletes !== 'rewrite-with-tombstone') return null;
    const added = this.#headers
      .filter(({ field }) => field === 'op')
      .map(({ name }) => ({ name, schema: TEXT, value: 'd' }));
    return added.length === 0 ? record : { ...record, headers: [...record.headers, ...added] };
  }

  #deleted(record: ConnectRecord, envelope: Struct): ConnectRecord | null {
    const before = structIn(envelope, 'before');
    switch (this.#deletes) {
      case 'drop':
        return null;
      case 'delete-to-tombstone':
        return this.#withoutDropped({
          ...record,
          topic: this.#topic(record, before),
          value: NOTHING,
        });
      case 'tombstone': {
        // A null with the row's schema: Connect's converters still write the schema.
        const schema = fieldSchema(envelope.schema, 'after') ?? null;
        const value = { schema, value: null };
        return this.#withoutDropped({ ...record, topic: this.#topic(record, before), value });
      }
      case 'rewrite':
      case 'rewrite-with-tombstone':
        return before === null ? null : this.#extracted(record, envelope, before, 'true');
    }
  }

  #extracted(
    record: ConnectRecord,
    envelope: Struct,
    row: Struct,
    deleted: 'true' | 'false',
  ): ConnectRecord {
    const rewrites = this.#deletes === 'rewrite' || this.#deletes === 'rewrite-with-tombstone';
    const schema = this.#schemaOf(row.schema, envelope.schema, rewrites);
    // As in the original, defaults replace nulls only where `__deleted` is added.
    const values = valuesOf(row, rewrites && this.#replaceNull);
    if (rewrites) values.push(deleted);
    for (const field of this.#fields) {
      if (addedSchema(field, envelope.schema) !== null) values.push(addedValue(field, envelope));
    }
    const value = { schema, value: { schema, values } };
    return this.#withoutDropped({ ...record, topic: this.#topic(record, row), value });
  }

  /** Made once for each version of a table, so that converters know it again. */
  #schemaOf(row: ConnectSchema, envelope: ConnectSchema, rewrites: boolean): ConnectSchema {
    const known = this.#schemas.get(row);
    if (known !== undefined) return known;
    const added = this.#fields.flatMap((field): ConnectField[] => {
      const schema = addedSchema(field, envelope);
      return schema === null ? [] : [{ name: field.name, schema }];
    });
    const fields = [...(row.fields ?? []), ...(rewrites ? [DELETED] : []), ...added];
    const schema: ConnectSchema = { ...row, optional: false, fields };
    this.#schemas.set(row, schema);
    return schema;
  }

  #topic(record: ConnectRecord, row: Struct | null): string {
    if (this.#routeBy === undefined || row === null) return record.topic;
    const schema = fieldSchema(row.schema, this.#routeBy);
    const topic = fieldValue(row, this.#routeBy);
    if (schema?.type === 'string' && topic === null) return record.topic;
    if (typeof topic === 'string') return topic.trim() === '' ? record.topic : topic;
    throw new TidemarkError(
      'TRANSFORM',
      `route.by.field: ${this.#routeBy} of a record of ${record.topic} is no text`,
    );
  }

  #withoutDropped(record: ConnectRecord): ConnectRecord {
    if (this.#dropHeader === undefined) return record;
    const names = namesInHeader(record.headers, this.#dropHeader);
    if (names.length === 0) return record;
    const value = dropFields(record.value, names, this.#dropOptionalOnly);
    if (!this.#dropFromKey) return { ...record, value };
    return { ...record, value, key: dropFields(record.key, names, this.#dropOptionalOnly) };
  }
}

/** `op`, `source.lsn`, `lsn:POSITION`: names without a struct are looked for where they stand. */
function addedField(text: string, prefix: string): AddedField {
  const [path = '', alias, ...more] = text.trim().split(':');
  if (more.length > 0) {
    throw new TidemarkError(
      'CONFIG_INVALID',
      `${JSON.stringify(text)} is not of the form field:name`,
    );
  }
  const dot = path.indexOf('.');
  if (dot >= 0) {
    const [struct, field] = [path.slice(0, dot), path.slice(dot + 1)];
    return { struct, field, name: prefix + (alias ?? `${struct}_${field}`) };
  }
  const struct = OF_ENVELOPE.has(path) ? null : OF_TRANSACTION.has(path) ? 'transaction' : 'source';

  return { struct, field: path, name: prefix + (alias ?? path) };
}

/** Null: neither its struct nor the envelope has it, and nothing is added, as in the original. */
function addedSchema(added: AddedField, envelope: ConnectSchema): ConnectSchema | null {
  const parent = added.struct === null ? envelope : fieldSchema(envelope, added.struct);
  const inside = parent === undefined ? undefined : fieldSchema(parent, added.field);
  const schema = inside ?? fieldSchema(envelope, added.field);
  if (schema === undefined) return null;
  const { default: _default, ...basics } = schema;
  return optional(basics);
}

function addedValue(added: AddedField, envelope: Struct): ConnectValue {
  const { struct, field } = added;
  const parentSchema = struct === null ? undefined : fieldSchema(envelope.schema, struct);
  if (parentSchema === undefined || fieldSchema(parentSchema, field) === undefined) {
    return fieldValue(envelope, field);
  }
  const parent = structIn(envelope, struct ?? '');
  return parent === null ? null : fieldValue(parent, field);
}

function header(added: AddedField, envelope: Struct): ConnectHeader[] {
  const schema = addedSchema(added, envelope.schema);
  return schema === null ? [] : [{ name: added.name, schema, value: addedValue(added, envelope) }];
}
