import { jsonSchemaText } from '../../src/converter/json-schema-text.ts';
import { tableRecordSchemas } from '../../src/envelope/table-record-schemas.ts';
import type { ColumnSchema, TableSchema } from '../../src/model/table-schema.ts';
import { envelopeOptionsOf } from '../../src/runtime/source-options.ts';
import { parsedPipeline } from './parsed-pipeline.ts';
import { postgresColumnForm } from './postgres-type-schemas.ts';

type Below = (below: number) => number;

/** Every kind of schema that columns have: numbers, texts, bytes, structs, arrays and maps. */
const TYPES = [
  'smallint',
  'integer',
  'bigint',
  'real',
  'double precision',
  'boolean',
  'text',
  'bytea',
  'uuid',
  'mood',
  'numeric',
  'numeric(10,2)',
  'timestamp(3) without time zone',
  'timestamp(6) without time zone',
  'point',
  'hstore',
  'integer[]',
  'bigint[]',
  'double precision[]',
  'text[]',
];

const ENVELOPE = envelopeOptionsOf(parsedPipeline({}).source);

interface Column {
  readonly name: string;
  readonly type: string;
  readonly optional: boolean;
}

/** A table's columns after the key. */
export function randomTable(below: Below): readonly Column[] {
  return Array.from({ length: 1 + below(4) }, (_, i) => randomColumn(`c${i}`, below));
}

/** The same after one ALTER, or two. */
export function alteredTable(columns: readonly Column[], below: Below): readonly Column[] {
  const once = altered(columns, below);
  return below(3) === 0 ? altered(once, below) : once;
}

/** The JSON Schemas that our converter registers for the table, as an envelope or as a row. */
export function tableJsonSchema(columns: readonly Column[], isEnvelope: boolean): string {
  const { row, envelope } = tableRecordSchemas(tableOf(columns), ENVELOPE);
  return jsonSchemaText(isEnvelope ? envelope : { ...row, optional: false }, {
    decimalFormat: 'BASE64',
    replaceNullWithDefault: false,
    mapEntries: 'objects',
  });
}

function altered(columns: readonly Column[], below: Below): readonly Column[] {
  const at = below(columns.length);
  const column = columns[at];
  if (column === undefined) return [randomColumn('n0', below)];
  switch (below(6)) {
    case 0:
      return [...columns, randomColumn(`n${below(1000)}`, below)];
    case 1:
      return columns.toSpliced(at, 1);
    case 2:
      return columns.with(at, { ...column, optional: !column.optional });
    case 3:
      return columns.with(at, { ...randomColumn(column.name, below), optional: column.optional });
    case 4:
      return columns.with(at, { ...column, name: `${column.name}r` });
    default:
      return columns.toReversed();
  }
}

function randomColumn(name: string, below: Below): Column {
  return { name, type: TYPES[below(TYPES.length)] ?? 'integer', optional: below(3) > 0 };
}

function tableOf(columns: readonly Column[]): TableSchema {
  const all = [{ name: 'id', type: 'bigint', optional: false }, ...columns];
  return {
    id: { catalog: 'shop', schema: 'public', table: 't' },
    version: 1,
    columns: all.map(({ name, type, optional }, tupleIndex): ColumnSchema => {
      const { schema, format } = postgresColumnForm(type);
      const identity = tupleIndex === 0;
      return {
        name,
        schema: { ...schema, optional },
        format,
        tupleIndex,
        sourceType: type,
        identity,
      };
    }),
    keyColumns: [0],
    replicaIdentity: 'default',
  };
}
