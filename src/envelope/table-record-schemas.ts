import envelopeDocument from '../../schemas/envelope.json' with { type: 'json' };
import { schemaFromJson } from '../model/connect-json.ts';
import type { ConnectField, ConnectSchema } from '../model/connect-schema.ts';
import { SOURCE_COLUMN } from '../model/connect-schema.ts';
import { must } from '../foundation/assert.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { ColumnSchema, TableSchema } from '../model/table-schema.ts';
import { rowColumns } from '../model/table-schema.ts';
import type { EnvelopeOptions, TableRecordSchemas } from './envelope-options.ts';
import { adjustSchemaNames } from './schema-name-adjustment.ts';
import { sourceSchema, TRANSACTION_SCHEMA } from './source-block.ts';
import { dataTopic, keyIdentifier } from './topic-naming.ts';

/**
 * Key, row and envelope schemas of one version of a table, equal to Debezium's field by field
 * (FEATURES A2.1, PITFALLS C21, C22). `before` and `after` share one schema object, which Avro
 * relies on (C12).
 */
export function tableRecordSchemas(
  table: TableSchema,
  options: EnvelopeOptions,
): TableRecordSchemas {
  const topic = dataTopic(options.topicPrefix, table.id, options.naming);
  const row: ConnectSchema = {
    type: 'struct',
    optional: true,
    name: `${topic}.Value`,
    fields: rowColumns(table).map(fieldOf),
  };
  const key: ConnectSchema | null =
    table.keyColumns.length === 0
      ? null
      : {
          type: 'struct',
          optional: false,
          name: `${topic}.Key`,
          fields: table.keyColumns.map((index) =>
            keyField(fieldOf(must(table.columns[index], 'key column exists')), options),
          ),
        };
  const adjusted = adjustSchemaNames({ key, row }, options);
  const identifier = keyIdentifier(options.topicPrefix, table.id, options.naming);
  return {
    topic,
    ...keySchemas(adjusted.key, identifier),
    row: adjusted.row,
    envelope: envelopeSchema(
      adjusted.name(`${topic}.Envelope`),
      adjusted.row,
      sourceSchema(options),
    ),
  };
}

function fieldOf({ name, schema }: ColumnSchema): ConnectField {
  return { name, schema };
}

/** The original tells the source's types in the row alone. */
function keyField(
  field: ConnectField,
  { keyTellsSourceType = true }: EnvelopeOptions,
): ConnectField {
  const { parameters, ...schema } = field.schema;
  if (keyTellsSourceType || parameters === undefined) return field;
  const kept = Object.entries(parameters).filter(([name]) => !name.startsWith(SOURCE_COLUMN));
  const own = kept.length === 0 ? {} : { parameters: Object.fromEntries(kept) };
  return { name: field.name, schema: { ...schema, ...own } };
}

/** A table without a key gets none: its rows would all be one. */
function keySchemas(
  key: ConnectSchema | null,
  identifier: ReturnType<typeof keyIdentifier>,
): Pick<TableRecordSchemas, 'key' | 'keyIdentifier'> {
  if (key === null || identifier === null) return { key };
  const { field: name, value } = identifier;
  const fields = key.fields ?? [];
  if (fields.some((field) => field.name === name)) {
    throw new TidemarkError('SCHEMA_INVALID', `the key of ${value} has a field ${name} already`, {
      cure: 'Set topic.key.field.name to another name.',
    });
  }
  const last = { name, schema: { type: 'string', optional: false } } as const;
  return { key: { ...key, fields: [...fields, last] }, keyIdentifier: value };
}

function envelopeSchema(name: string, row: ConnectSchema, source: ConnectSchema): ConnectSchema {
  const slots: Readonly<Record<string, ConnectSchema>> = {
    row,
    source,
    transaction: TRANSACTION_SCHEMA,
  };
  const fields = envelopeDocument.fields.map((field): ConnectField => {
    const schema =
      '$slot' in field ? must(slots[field.$slot ?? ''], 'known slot') : schemaFromJson(field);
    return { name: field.field, schema };
  });
  return {
    type: 'struct',
    optional: envelopeDocument.optional,
    name,
    version: envelopeDocument.version,
    fields,
  };
}

/** Where the fields of an envelope stand in its struct. */
export const ENVELOPE_FIELD = {
  before: 0,
  after: 1,
  source: 2,
  transaction: 3,
  op: 4,
  tsMs: 5,
  tsUs: 6,
  tsNs: 7,
} as const;
