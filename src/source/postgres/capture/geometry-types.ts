import { GEOMETRY, SHAPE } from '../../../../dialects/semantic-schemas.ts';
import type { TypedColumn } from '../../../../dialects/postgres/postgres-types.ts';
import type { ConnectSchema } from '../../../model/connect-schema.ts';
import type { PostgresTextFormat } from '../../../model/table-schema.ts';
import type { ColumnType, ColumnTypes } from './column-types.ts';

/**
 * The types of one table, with one definition of Geometry. PostGIS has it without extensions up to
 * Debezium 3.6, which knows no lseg, box, path and polygon; these have it with extensions, and one
 * Avro schema may not have both. Beside them PostGIS gets it as in 3.7, where all are alike.
 */
export function withOneGeometry(types: ColumnTypes, columns: readonly TypedColumn[]): ColumnTypes {
  const versions = new Set(columns.map((column) => geometryVersion(types.typeOf(column)?.schema)));
  if (!versions.has(GEOMETRY.version) || !versions.has(SHAPE.version)) return types;
  return {
    typeOf(column): ColumnType | null {
      const type = types.typeOf(column);
      if (type === null) return null;
      return { ...type, schema: extended(type.schema), format: extendedFormat(type.format) };
    },
  };
}

/** Undefined: there is no Geometry in it. */
function geometryVersion(schema: ConnectSchema | undefined): number | undefined {
  if (schema?.name === GEOMETRY.name) return schema?.version;
  return schema?.valueSchema === undefined ? undefined : geometryVersion(schema.valueSchema);
}

function extended(schema: ConnectSchema): ConnectSchema {
  if (schema.name === GEOMETRY.name) {
    const { version, fields } = SHAPE;
    return { ...schema, ...(version === undefined ? {} : { version }), fields: fields ?? [] };
  }
  const { valueSchema } = schema;
  return valueSchema === undefined ? schema : { ...schema, valueSchema: extended(valueSchema) };
}

/** Of arrays: elements are made by the schema in the format. */
function extendedFormat(format: PostgresTextFormat): PostgresTextFormat {
  if (format.kind !== 'array') return format;
  const { element, elementSchema } = format;
  return {
    ...format,
    element: extendedFormat(element),
    elementSchema: extended(elementSchema),
  };
}
