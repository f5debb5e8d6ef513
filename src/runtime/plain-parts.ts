import type { ConnectorConfig } from '../config/pipeline-config.ts';
import { notStruct } from '../converter/not-struct.ts';
import type { ConnectData } from '../model/connect-record.ts';
import { isStruct } from '../model/connect-schema.ts';
import type { ConnectSchema, Struct } from '../model/connect-schema.ts';
import { keyOptionsOf } from './header-keys.ts';

/**
 * What becomes of keys and values of records that are no structs, where rows can be made with them:
 * a key that is not asked for is left alone, or it is the one column that `pk.fields` names; a text
 * goes to the column of `string.output.value.column.name`.
 */
export class PlainParts {
  /** Keys are left alone, or have a column. */
  readonly takesKeys: boolean;
  readonly takesTexts: boolean;
  readonly #keyField: string | null;
  readonly #textField: string | null;
  /** Tables are compiled once per schema object. */
  readonly #schemas = new WeakMap<ConnectSchema, ConnectSchema>();
  readonly #textSchema: ConnectSchema;

  /** `keys`: the column of a plain key; `ignored`: nobody asks for it; `refused`: there is none. */
  constructor(keys: { readonly field: string } | 'ignored' | 'refused', textField: string | null) {
    this.#keyField = typeof keys === 'object' ? keys.field : null;
    this.takesKeys = keys !== 'refused';
    this.#textField = textField;
    this.takesTexts = textField !== null;
    this.#textSchema = structOfOne(textField ?? '', { type: 'string', optional: true });
  }

  /** Null: the key is nothing, or left alone. */
  keyOf({ schema, value }: ConnectData): Struct | null {
    if (value === null || schema === null || this.#keyField === null) return null;
    let made = this.#schemas.get(schema);
    if (made === undefined) {
      made = structOfOne(this.#keyField, { ...schema, optional: false });
      this.#schemas.set(schema, made);
    }
    return { schema: made, values: [value] };
  }

  /** Throws RECORD_FORMAT for what is no text. */
  valueOf({ value }: ConnectData, topic: string): Struct | null {
    if (value === null) return null;
    if (isStruct(value)) return value;
    if (typeof value !== 'string' || this.#textField === null) throw notStruct(topic);
    return { schema: this.#textSchema, values: [value] };
  }
}

function structOfOne(name: string, schema: ConnectSchema): ConnectSchema {
  return { type: 'struct', optional: false, fields: [{ name, schema }] };
}

/** What the properties of a sink ask for; null: its rows are made of structs alone. */
export function plainPartsOf(sink: ConnectorConfig): PlainParts | null {
  const keys = keyOptionsOf(sink);
  if (keys === null) return null;
  const text = sink.options.optionalString('string.output.value.column.name') ?? '';
  const [field] = keys.fields;
  const own = field !== undefined && keys.fields.length === 1 ? { field } : 'refused';
  const taken = keys.mode === 'record_key' ? own : 'ignored';
  if (taken === 'refused' && text === '') return null;
  return new PlainParts(taken, text === '' ? null : text);
}
