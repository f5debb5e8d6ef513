import { TidemarkError } from '../foundation/errors.ts';
import type { ConnectField, ConnectSchema } from '../model/connect-schema.ts';
import { SOURCE_COLUMN_NAME, SOURCE_COLUMN_TYPE } from '../model/connect-schema.ts';
import type { NameAdjustment } from '../model/name-adjustment.ts';
import { adjustFieldName, adjustFullName } from '../model/name-adjustment.ts';

export type { NameAdjustment } from '../model/name-adjustment.ts';

interface RowSchemas {
  readonly key: ConnectSchema | null;
  readonly row: ConnectSchema;
}

interface AdjustmentModes {
  readonly schemaNameAdjustment?: NameAdjustment;
  readonly fieldNameAdjustment?: NameAdjustment;
}

/** Applies both modes to a table's schemas. Throws SCHEMA_INVALID when two columns become one. */
export function adjustSchemaNames(
  schemas: RowSchemas,
  modes: AdjustmentModes,
): RowSchemas & { name(full: string): string } {
  const name = (full: string): string => adjustFullName(full, modes.schemaNameAdjustment ?? 'none');
  const fieldMode = modes.fieldNameAdjustment ?? 'none';
  const adjusted = (schema: ConnectSchema): ConnectSchema => ({
    ...schema,
    name: name(schema.name ?? ''),
    fields: adjustFields(schema.fields ?? [], fieldMode, schema.name ?? ''),
  });
  return {
    name,
    key: schemas.key === null ? null : adjusted(schemas.key),
    row: adjusted(schemas.row),
  };
}

function adjustFields(
  fields: readonly ConnectField[],
  mode: NameAdjustment,
  owner: string,
): readonly ConnectField[] {
  if (mode === 'none') return fields;
  const owners = new Map<string, string>();
  return fields.map((field) => {
    const adjusted = adjustFieldName(field.name, mode);
    const other = owners.get(adjusted);
    if (other !== undefined) {
      throw new TidemarkError(
        'SCHEMA_INVALID',
        `columns ${JSON.stringify(other)} and ${JSON.stringify(field.name)} of ${owner} ` +
          `would both become field ${adjusted}`,
        { cure: 'Set field.name.adjustment.mode to avro_unicode, or exclude one of the columns.' },
      );
    }
    owners.set(adjusted, field.name);
    return { name: adjusted, schema: withColumnName(field, adjusted) };
  });
}

/** Where the source's type is told to sinks, the name that the adjustment took away is told too. */
function withColumnName({ name, schema }: ConnectField, adjusted: string): ConnectSchema {
  if (name === adjusted || schema.parameters?.[SOURCE_COLUMN_TYPE] === undefined) return schema;
  return { ...schema, parameters: { ...schema.parameters, [SOURCE_COLUMN_NAME]: name } };
}
