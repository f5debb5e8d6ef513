import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectRecord } from '../../model/connect-record.ts';
import type { ConnectField, ConnectSchema, Struct } from '../../model/connect-schema.ts';
import { SOURCE_COLUMN } from '../../model/connect-schema.ts';
import type { RecordTransform } from '../record-transform.ts';
import { envelopeOf, fieldSchema, fieldValue, structIn } from '../record-transform.ts';
import { perSchema } from '../schema-shape.ts';

const NAMES = 'io.debezium.connector.source';
const TEXT: ConnectSchema = { type: 'string', optional: false };
const SOME_TEXT: ConnectSchema = { type: 'string', optional: true };
const NUMBER: ConnectSchema = { type: 'int32', optional: true };

const COLUMN = struct(`${NAMES}.schema.Column`, [
  { name: 'name', schema: TEXT },
  { name: 'typeName', schema: TEXT },
  { name: 'length', schema: NUMBER },
  { name: 'scale', schema: NUMBER },
  { name: 'comment', schema: SOME_TEXT },
]);
const TABLE = struct(`${NAMES}.schema.Table`, [
  { name: 'columns', schema: { type: 'array', optional: false, valueSchema: COLUMN } },
]);
const SOURCE_SCHEMA = struct(`${NAMES}.Schema`, [
  { name: 'id', schema: TEXT },
  { name: 'table', schema: TABLE },
]);

/**
 * Debezium's ExtractSchemaToNewRecord: the envelope gets a field `sourceSchema`, which tells the
 * table's columns as column.propagate.source.type has put them into the schema.
 */
export class ExtractSchemaToNewRecord implements RecordTransform {
  readonly #schemaOf = perSchema((envelope): ConnectSchema => ({
    ...envelope,
    fields: [...(envelope.fields ?? []), { name: 'sourceSchema', schema: SOURCE_SCHEMA }],
  }));
  readonly #tableOf = perSchema((row): Struct => ({
    schema: TABLE,
    values: [(row.fields ?? []).map(({ name, schema }) => columnOf(name, schema))],
  }));

  apply(record: ConnectRecord): ConnectRecord {
    const envelope = envelopeOf(record);
    if (envelope === undefined) return record;
    // A truncate.
    if (structIn(envelope, 'after') === null && structIn(envelope, 'before') === null) {
      return record;
    }
    const row = fieldSchema(envelope.schema, 'after');
    const source = structIn(envelope, 'source');
    if (row === undefined || source === null) return record;
    const told: Struct = {
      schema: SOURCE_SCHEMA,
      values: [fieldValue(source, 'table'), this.#tableOf(row)],
    };
    const schema = this.#schemaOf(envelope.schema);
    return { ...record, value: { schema, value: { schema, values: [...envelope.values, told] } } };
  }
}

function struct(name: string, fields: readonly ConnectField[]): ConnectSchema {
  return { type: 'struct', optional: false, name, version: 1, fields };
}

function columnOf(field: string, { parameters = {} }: ConnectSchema): Struct {
  const { name, type, length, scale, comment } = Object.fromEntries(
    Object.entries(parameters).map(([key, value]) => [key.replace(SOURCE_COLUMN, ''), value]),
  );
  if (name === undefined || type === undefined) {
    const cure = 'Set column.propagate.source.type to .* (or datatype.propagate.source.type).';
    const message = `ExtractSchemaToNewRecord: the schema of ${field} does not tell its type`;
    throw new TidemarkError('TRANSFORM', message, { cure });
  }
  return {
    schema: COLUMN,
    values: [name, type, whole(length), whole(scale), comment ?? null],
  };
}

function whole(text: string | undefined): number | null {
  return text === undefined ? null : Number.parseInt(text, 10);
}
