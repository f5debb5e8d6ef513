import type { ResolvedOptions } from '../../config/option.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectData, ConnectRecord } from '../../model/connect-record.ts';
import { isStruct } from '../../model/connect-schema.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../../model/connect-schema.ts';
import type { NameAdjustment } from '../../model/name-adjustment.ts';
import { adjustFullName } from '../../model/name-adjustment.ts';
import { JavaReplacement } from '../java-pattern.ts';
import { requireStruct } from '../record-side.ts';
import type { RecordTransform } from '../record-transform.ts';
import { envelopeOf, fieldSchema, NOTHING } from '../record-transform.ts';
import { perSchema } from '../schema-shape.ts';

/**
 * Debezium's ByLogicalTableRouter: tables with topics of one pattern go to one topic, and a field
 * more in the key keeps their rows apart. Schemas get the names of the new topic.
 */
export class ByLogicalTableRouter implements RecordTransform {
  readonly #topics: JavaReplacement;
  readonly #unique: boolean;
  readonly #keyField: string;
  readonly #identifiers: JavaReplacement | null;
  readonly #adjust: (name: string) => string;
  readonly #keys = new Map<string, (schema: ConnectSchema) => ConnectSchema>();
  readonly #envelopes = new Map<string, (schema: ConnectSchema) => ConnectSchema>();

  constructor(options: ResolvedOptions) {
    const replacement = options.string('topic.replacement');
    this.#topics = new JavaReplacement('topic.regex', options.string('topic.regex'), replacement);
    this.#unique = options.boolean('key.enforce.uniqueness');
    this.#keyField = options.string('key.field.name');
    const regex = options.optionalString('key.field.regex');
    const identifier = options.optionalString('key.field.replacement');
    if (regex !== undefined && identifier === undefined) {
      throw new TidemarkError(
        'CONFIG_INVALID',
        'key.field.regex needs a key.field.replacement, what it is replaced by',
      );
    }
    this.#identifiers =
      regex === undefined ? null : new JavaReplacement('key.field.regex', regex, identifier ?? '');
    const mode = options.string('schema.name.adjustment.mode') as NameAdjustment;
    this.#adjust = (name) => adjustFullName(name, mode);
  }

  apply(record: ConnectRecord): ConnectRecord {
    const topic = this.#topics.apply(record.topic);
    if (topic === null || topic === '') return record;
    const key = this.#key(record, topic);
    const envelope = envelopeOf(record);
    if (envelope === undefined) return { ...record, topic, key };
    const schemaOf = this.#of(this.#envelopes, topic, (schema) => this.#envelope(schema, topic));
    return { ...record, topic, key, value: moved(envelope, schemaOf(envelope.schema)) };
  }

  #key(record: ConnectRecord, topic: string): ConnectData {
    if (record.key.value === null) return NOTHING;
    const old = requireStruct(record.key, 'ByLogicalTableRouter');
    const schema = this.#of(this.#keys, topic, (from) => this.#keySchema(from, topic))(old.schema);
    const values: ConnectValue[] = [...old.values];
    if (this.#unique) values.push(this.#identifiers?.apply(record.topic) ?? record.topic);
    return { schema, value: { schema, values } };
  }

  #of(
    known: Map<string, (schema: ConnectSchema) => ConnectSchema>,
    topic: string,
    make: (schema: ConnectSchema) => ConnectSchema,
  ): (schema: ConnectSchema) => ConnectSchema {
    const found = known.get(topic) ?? perSchema(make);
    known.set(topic, found);
    return found;
  }

  #keySchema(old: ConnectSchema, topic: string): ConnectSchema {
    const { default: _default, ...rest } = old;
    const added = { name: this.#keyField, schema: TEXT };
    const fields = [...(old.fields ?? []), ...(this.#unique ? [added] : [])];
    return { ...rest, name: this.#adjust(`${topic}.Key`), fields };
  }

  #envelope(old: ConnectSchema, topic: string): ConnectSchema {
    const before = fieldSchema(old, 'before') ?? fieldSchema(old, 'after');
    if (before === undefined) return old;
    const { default: _row, ...rowRest } = before;
    const row = { ...rowRest, name: this.#adjust(`${topic}.Value`) };
    const { default: _envelope, ...rest } = old;
    const fields = (old.fields ?? []).map((field) =>
      field.name === 'before' || field.name === 'after' ? { name: field.name, schema: row } : field,
    );
    return { ...rest, name: this.#adjust(`${topic}.Envelope`), fields };
  }
}

const TEXT: ConnectSchema = { type: 'string', optional: false };

/** The envelope with its rows under another schema of the same fields. */
function moved(envelope: Struct, schema: ConnectSchema): ConnectData {
  const values = envelope.values.map((value, i) => {
    const field = schema.fields?.[i];
    const isRow = field?.name === 'before' || field?.name === 'after';
    return isRow && value !== null && isStruct(value)
      ? { schema: field.schema, values: value.values }
      : value;
  });
  return { schema, value: { schema, values } };
}
