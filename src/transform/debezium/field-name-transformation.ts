import type { ResolvedOptions } from '../../config/option.ts';
import type { ConnectData, ConnectRecord } from '../../model/connect-record.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../../model/connect-schema.ts';
import { isStruct } from '../../model/connect-schema.ts';
import type { RecordTransform } from '../record-transform.ts';
import { perSchema } from '../schema-shape.ts';
import type { NameParts, NamingStyle } from './naming-style.ts';
import { styledName } from './naming-style.ts';

/**
 * Debezium's FieldNameTransformation: names of columns in another style, in the key and in the row,
 * be it flat or the images of an envelope. The original leaves tombstones alone, whose key then has
 * other names than that of the delete before them; here it has the same ones.
 */
export class FieldNameTransformation implements RecordTransform {
  readonly #parts: NameParts;
  readonly #row = perSchema((schema) => this.#renamed(schema));
  readonly #envelope = perSchema((schema) => this.#ofImages(schema));

  constructor(options: ResolvedOptions) {
    this.#parts = {
      prefix: options.optionalString('column.naming.prefix') ?? '',
      suffix: options.optionalString('column.naming.suffix') ?? '',
      style: options.string('column.naming.style') as NamingStyle,
    };
  }

  apply(record: ConnectRecord): ConnectRecord {
    const { key, value } = record;
    if (value.schema === null) {
      return value.value === null ? { ...record, key: this.#flat(key) } : record;
    }
    if (value.schema.type !== 'struct') return record;
    const isEnvelope = value.schema.name?.endsWith('.Envelope') === true;
    return {
      ...record,
      key: this.#flat(key),
      value: isEnvelope ? this.#images(value) : this.#flat(value),
    };
  }

  #flat(data: ConnectData): ConnectData {
    if (data.schema?.type !== 'struct') return data;
    const schema = this.#row(data.schema);
    return { schema, value: under(schema, data.value) };
  }

  #images({ schema, value }: ConnectData): ConnectData {
    if (schema === null) return { schema, value };
    const renamed = this.#envelope(schema);
    if (value === null || !isStruct(value)) return { schema: renamed, value };
    const values = value.values.map((image, i) => {
      const field = renamed.fields?.[i];
      const isImage = field !== undefined && field.schema !== schema.fields?.[i]?.schema;
      return isImage ? under(field.schema, image) : image;
    });
    return { schema: renamed, value: { schema: renamed, values } };
  }

  #renamed(schema: ConnectSchema): ConnectSchema {
    const fields = (schema.fields ?? []).map((field) => ({
      name: styledName(field.name, this.#parts),
      schema: field.schema,
    }));
    return { ...schema, fields };
  }

  #ofImages(schema: ConnectSchema): ConnectSchema {
    const fields = (schema.fields ?? []).map(({ name, schema: field }) => {
      const isImage = (name === 'before' || name === 'after') && field.type === 'struct';
      return { name, schema: isImage ? this.#row(field) : field };
    });
    return { ...schema, fields };
  }
}

/** The same values under the other names. */
function under(schema: ConnectSchema, value: ConnectValue): Struct | null {
  return value !== null && isStruct(value) ? { schema, values: value.values } : null;
}
