import { TidemarkError } from '../foundation/errors.ts';
import type { ConnectField, ConnectSchema } from '../model/connect-schema.ts';

/** schema.name.adjustment.mode and field.name.adjustment.mode. */
export type NameAdjustment = 'none' | 'avro' | 'avro_unicode';

/**
 * A full name made valid for Avro: each part between dots `[A-Za-z_][A-Za-z0-9_]*` (PITFALLS C11).
 * `avro` replaces by `_`; `avro_unicode` writes `_uXXXX` and doubles `_`, which can be reversed.
 */
export function adjustFullName(name: string, mode: NameAdjustment): string {
  if (mode === 'none') return name;
  return name
    .split('.')
    .map((part) => adjustFieldName(part, mode))
    .join('.');
}

/** One name without dots. */
export function adjustFieldName(name: string, mode: NameAdjustment): string {
  if (mode === 'none') return name;
  let adjusted = '';
  for (let i = 0; i < name.length; i++) adjusted += adjustUnit(name, i, mode);
  return adjusted;
}

function adjustUnit(name: string, i: number, mode: NameAdjustment): string {
  const unit = name[i] as string;
  if (mode === 'avro_unicode' && unit === '_') return '__';
  if (/[A-Za-z_]/.test(unit) || (i > 0 && /[0-9]/.test(unit))) return unit;
  if (mode === 'avro_unicode') return `_u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  // Debezium puts `_` before a leading digit and replaces any other character by it.
  return i === 0 && /[0-9]/.test(unit) ? `_${unit}` : '_';
}

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
  const adjust = (schema: ConnectSchema): ConnectSchema => ({
    ...schema,
    name: name(schema.name ?? ''),
    fields: adjustFields(schema.fields ?? [], fieldMode, schema.name ?? ''),
  });
  return {
    name,
    key: schemas.key === null ? null : adjust(schemas.key),
    row: adjust(schemas.row),
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
    return { name: adjusted, schema: field.schema };
  });
}
