import type { ResolvedOptions } from '../../config/option.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectRecord } from '../../model/connect-record.ts';
import type { ConnectSchema, ConnectType, ConnectValue } from '../../model/connect-schema.ts';
import type { RecordSide } from '../record-side.ts';
import { requireStruct, withSide } from '../record-side.ts';
import type { RecordTransform } from '../record-transform.ts';
import { perSchema, schemaBasics, valueAt } from '../schema-shape.ts';
import type { CastType } from './cast-value.ts';
import { castValue, isCastType } from './cast-value.ts';

/** Connect's Cast: other types for fields, or for the whole. */
export class Cast implements RecordTransform {
  readonly #side: RecordSide;
  readonly #replaceNull: boolean;
  readonly #whole: CastType | null;
  readonly #fields: ReadonlyMap<string, CastType>;
  readonly #schemaOf = perSchema((schema) => this.#updated(schema));

  constructor(options: ResolvedOptions, side: RecordSide) {
    const spec = options.list('spec').map(specOf);
    this.#side = side;
    this.#replaceNull = options.boolean('replace.null.with.default');
    this.#whole = spec.find(({ field }) => field === null)?.type ?? null;
    if (this.#whole !== null && spec.length > 1) {
      throw invalid('a type for the whole stands alone');
    }
    this.#fields = new Map(spec.map(({ field, type }) => [field ?? '', type]));
  }

  apply(record: ConnectRecord): ConnectRecord {
    const data = record[this.#side];
    if (data.value === null || data.schema === null) return record;
    const schema = this.#schemaOf(data.schema);
    if (this.#whole !== null) {
      const value = castValue(data.schema, data.value, this.#whole);
      return withSide(record, this.#side, { schema, value });
    }
    const struct = requireStruct(data, 'Cast');
    const fields = struct.schema.fields ?? [];
    const values = fields.map((field, index) => {
      const value = valueAt(struct, index, this.#replaceNull);
      const type = this.#fields.get(field.name);
      return type === undefined ? value : castValue(field.schema, value, type);
    });
    return withSide(record, this.#side, { schema, value: { schema, values } });
  }

  #updated(schema: ConnectSchema): ConnectSchema {
    if (this.#whole !== null) {
      const { fields: _f, keySchema: _k, valueSchema: _v, ...basics } = schemaBasics(schema);
      return cast({ ...basics, type: this.#whole }, schema, this.#whole);
    }
    const fields = (schema.fields ?? []).map((field) => {
      const type = this.#fields.get(field.name);
      if (type === undefined) return field;
      return { name: field.name, schema: cast({ type, optional: false }, field.schema, type) };
    });
    return { ...schemaBasics(schema), optional: schema.optional, fields };
  }
}

/** Optional and default as they were. */
function cast(made: ConnectSchema, old: ConnectSchema, type: CastType): ConnectSchema {
  const initial: ConnectValue = castValue(old, old.default ?? null, type);
  return {
    ...made,
    optional: old.optional,
    ...(initial === null ? {} : { default: initial }),
  };
}

function specOf(text: string): { readonly field: string | null; readonly type: CastType } {
  const parts = text.split(':').map((part) => part.trim());
  const [field, type] = parts.length === 1 ? [null, parts[0]] : parts;
  if (parts.length > 2 || type === undefined || field === undefined) {
    throw invalid(`${JSON.stringify(text)} is not of the form field:type`);
  }
  const known = type.toLowerCase() as ConnectType;
  if (isCastType(known)) return { field, type: known };
  throw invalid(`nothing can be cast to ${JSON.stringify(type)}`);
}

function invalid(text: string): TidemarkError {
  return new TidemarkError('CONFIG_INVALID', `spec: ${text}`, {
    cure: 'Types are int8, int16, int32, int64, float32, float64, boolean, string.',
  });
}
