import type { ConnectSchema, ConnectValue, Struct } from '../model/connect-schema.ts';
import type { SinkRecord } from '../model/sink-record.ts';
import type { TableSchema } from '../model/table-schema.ts';

/** A record such as the table gives, with no values but the names that a table name may use. */
export function sampleRecord(
  table: TableSchema,
  schemas: {
    readonly topic: string;
    readonly key: ConnectSchema | null;
    readonly envelope: ConnectSchema;
  },
): SinkRecord {
  const source = schemas.envelope.fields?.find(({ name }) => name === 'source')?.schema;
  const hasSchema = source?.fields?.some(({ name }) => name === 'schema') ?? false;
  const names: Readonly<Record<string, ConnectValue>> = {
    // A schema is a database in a binlog, whose source block has that name alone.
    db: hasSchema ? table.id.catalog : table.id.schema,
    schema: table.id.schema,
    table: table.id.table,
    name: schemas.topic.split('.', 1)[0] ?? '',
    op: 'r',
  };
  return {
    topic: schemas.topic,
    partition: 0,
    generation: 1,
    offset: 0,
    sequence: 0,
    timestampMs: 0,
    key: schemas.key === null ? null : sampleStruct(schemas.key, {}),
    value: sampleStruct(schemas.envelope, names),
    absent: [],
  };
}

function sampleStruct(
  schema: ConnectSchema,
  names: Readonly<Record<string, ConnectValue>>,
): Struct {
  const values = (schema.fields ?? []).map((field): ConnectValue => {
    if (field.name === 'source') return sampleStruct(field.schema, names);
    if (field.name === 'after') return sampleStruct(field.schema, {});
    return names[field.name] ?? null;
  });
  return { schema, values };
}
