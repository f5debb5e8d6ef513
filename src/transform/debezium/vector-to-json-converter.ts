import type { ConnectRecord } from '../../model/connect-record.ts';
import { isStruct } from '../../model/connect-schema.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../../model/connect-schema.ts';
import { javaDouble, javaFloat } from '../../model/java-number.ts';
import { requireStruct } from '../record-side.ts';
import type { RecordTransform } from '../record-transform.ts';
import { perSchema, schemaBasics } from '../schema-shape.ts';

const VECTORS: Readonly<Record<string, (value: ConnectValue) => string>> = {
  'io.debezium.data.DoubleVector': (value) => vectorText(value as readonly number[], javaDouble),
  'io.debezium.data.FloatVector': (value) => vectorText(value as readonly number[], javaFloat),
  'io.debezium.data.SparseDoubleVector': (value) => sparseText(value as Struct),
};

/** Debezium's VectorToJsonConverter: vectors of pgvector become JSON text. */
export class VectorToJsonConverter implements RecordTransform {
  /** Nested structs that are not optional are required in the original, too. */
  readonly #schemaOf = perSchema((schema): ConnectSchema => ({
    ...schemaBasics(schema),
    optional: schema.optional,
    fields: (schema.fields ?? []).map((field) => ({
      name: field.name,
      schema: this.#fieldSchema(field.schema),
    })),
  }));

  apply(record: ConnectRecord): ConnectRecord {
    if (record.value.value === null) return record;
    const struct = requireStruct(record.value, 'VectorToJsonConverter');
    const value = this.#converted(struct, this.#schemaOf(struct.schema));
    return { ...record, value: { schema: value.schema, value } };
  }

  #fieldSchema(schema: ConnectSchema): ConnectSchema {
    if (schema.name !== undefined && schema.name in VECTORS) {
      const { optional } = schema;
      return { type: 'string', optional, name: 'io.debezium.data.Json', version: 1 };
    }
    return schema.type === 'struct' ? this.#schemaOf(schema) : schema;
  }

  #converted(struct: Struct, schema: ConnectSchema): Struct {
    const values = struct.values.map((value, i): ConnectValue => {
      if (value === null) return null;
      const text = VECTORS[struct.schema.fields?.[i]?.schema.name ?? ''];
      if (text !== undefined) return text(value);
      const made = schema.fields?.[i]?.schema;
      return isStruct(value) && made !== undefined ? this.#converted(value, made) : value;
    });
    return { schema, values };
  }
}

function vectorText(values: readonly number[], text: (value: number) => string): string {
  return `{ "values": [${values.map((value) => text(value)).join(', ')}] }`;
}

function sparseText({ values: [dimensions, vector] }: Struct): string {
  const entries = [...(vector as ReadonlyMap<number, number>)].toSorted(([a], [b]) => a - b);
  const inside = entries.map(([index, value]) => `"${index}": ${javaDouble(value)}`).join(', ');
  return `{ "dimensions": ${dimensions as number}, "vector": { ${inside} } }`;
}
