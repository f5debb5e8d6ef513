import keyDocument from '../../schemas/schema-change-key.json' with { type: 'json' };
import valueDocument from '../../schemas/schema-change-value.json' with { type: 'json' };
import { must } from '../foundation/assert.ts';
import { floorDiv } from '../foundation/floor-division.ts';
import type { SchemaStatement } from '../model/change-event.ts';
import { schemaFromJson } from '../model/connect-json.ts';
import type { ConnectField, ConnectSchema, ConnectValue, Struct } from '../model/connect-schema.ts';
import type { DescribedChange, DescribedColumn } from '../model/described-table.ts';
import { BINLOG_SOURCE_SCHEMAS, binlogSourceAt } from './binlog-source-block.ts';
import type { BinlogConnector, EnvelopeOptions } from './envelope-options.ts';

/** The schemas of the topic of schema changes. */
export interface SchemaChangeSchemas {
  readonly key: ConnectSchema;
  readonly value: ConnectSchema;
}

/** `io.debezium.connector.<connector>.SchemaChangeKey` and `….SchemaChangeValue`. */
export const SCHEMA_CHANGE_SCHEMAS: Readonly<Record<BinlogConnector, SchemaChangeSchemas>> = {
  mysql: schemasOf('mysql'),
  mariadb: schemasOf('mariadb'),
};

function schemasOf(connector: BinlogConnector): SchemaChangeSchemas {
  const named = (name: string): string => name.replace('<connector>', connector);
  const fields = valueDocument.fields.map((field): ConnectField => {
    const schema = '$slot' in field ? BINLOG_SOURCE_SCHEMAS[connector] : schemaFromJson(field);
    return { name: field.field, schema };
  });
  const { optional, version } = valueDocument;
  return {
    key: { ...schemaFromJson(keyDocument), name: named(keyDocument.name) },
    value: { type: 'struct', optional, name: named(valueDocument.name), version, fields },
  };
}

/** The record of a statement in the topic of schema changes (include.schema.changes). */
export function schemaChangeRecord(
  statement: SchemaStatement,
  options: EnvelopeOptions,
  processedMicros: bigint,
): { readonly key: Struct; readonly value: Struct } {
  const { origin, database, tables, ddl, changes } = statement;
  const schemas = SCHEMA_CHANGE_SCHEMAS[options.connector === 'mariadb' ? 'mariadb' : 'mysql'];
  const source = binlogSourceAt(origin, { database, table: tables?.join(',') ?? null }, options);
  const change = itemOf(schemas.value, 'tableChanges');
  return {
    key: { schema: schemas.key, values: [database] },
    value: {
      schema: schemas.value,
      values: [
        source,
        floorDiv(processedMicros, 1000n),
        database,
        // Such a database has no schemas.
        null,
        ddl,
        changes.map((described) => changeStruct(change, described)),
      ],
    },
  };
}

function changeStruct(
  schema: ConnectSchema,
  { type, id, table, comment }: DescribedChange,
): Struct {
  const tableSchema = fieldOf(schema, 'table');
  const column = itemOf(tableSchema, 'columns');
  const values: ConnectValue[] | null =
    table === undefined
      ? null
      : [
          table.defaultCharsetName,
          [...table.primaryKeyColumnNames],
          table.columns.map((described) => columnStruct(column, described)),
          comment ?? null,
        ];
  return { schema, values: [type, id, values === null ? null : { schema: tableSchema, values }] };
}

function columnStruct(schema: ConnectSchema, column: DescribedColumn): Struct {
  const { enumValues = [] } = column;
  return {
    schema,
    values: [
      column.name,
      column.jdbcType,
      // nativeType, which the original's parsers never tell.
      null,
      column.typeName,
      column.typeExpression ?? null,
      column.charsetName ?? null,
      column.length ?? null,
      column.scale ?? null,
      column.position,
      column.optional ?? null,
      column.autoIncremented ?? null,
      column.generated ?? null,
      column.comment ?? null,
      column.defaultValueExpression ?? null,
      enumValues.length === 0 ? null : [...enumValues],
    ],
  };
}

function fieldOf(struct: ConnectSchema, name: string): ConnectSchema {
  return must(
    struct.fields?.find((field) => field.name === name),
    `a field ${name}`,
  ).schema;
}

function itemOf(struct: ConnectSchema, name: string): ConnectSchema {
  return must(fieldOf(struct, name).valueSchema, `items of ${name}`);
}
