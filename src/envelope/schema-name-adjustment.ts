import { TidemarkError } from '../foundation/errors.ts';
import type { ConnectField, ConnectSchema } from '../model/connect-schema.ts';
import { SOURCE_COLUMN_NAME, SOURCE_COLUMN_TYPE } from '../model/connect-schema.ts';

/** schema.name.adjustment.mode and field.name.adjustment.mode. */
export type NameAdjustment = 'none' | 'avro' | 'avro_unicode';

/**
 * A schema's full name made valid for Avro as Debezium does it (PITFALLS C11): dots stay, and only
 * the very first character may not be a digit. `avro` replaces by `_`; `avro_unicode` escapes to
 * `_u` and lower-case hex, the underscore too, so that it can be reversed.
 */
export function adjustFullName(name: string, mode: NameAdjustment): string {
  return mode === 'none' ? name : adjust(name, mode, /[^A-Za-z0-9_.]/);
}

/** A field's name, in which a dot is not valid either. */
export function adjustFieldName(name: string, mode: NameAdjustment): string {
  return mode === 'none' ? name : adjust(name, mode, /[^A-Za-z0-9_]/);
}

function adjust(name: string, mode: 'avro' | 'avro_unicode', invalid: RegExp): string {
  let adjusted = '';
  for (let i = 0; i < name.length; i++) {
    const unit = name[i] as string;
    const leadingDigit = i === 0 && /[0-9]/.test(unit);
    if (mode === 'avro') {
      if (leadingDigit) adjusted += `_${unit}`;
      else adjusted += invalid.test(unit) || (i === 0 && unit === '.') ? '_' : unit;
    } else if (leadingDigit || unit === '_' || invalid.test(unit) || (i === 0 && unit === '.')) {
      adjusted += unicodeEscape(unit);
    } else {
      adjusted += unit;
    }
  }
  return adjusted;
}

/** Two hex digits get `00` in front; three stay three, as in the original. */
function unicodeEscape(unit: string): string {
  const hex = unit.charCodeAt(0).toString(16);
  return `_u${hex.length <= 2 ? '00' : ''}${hex}`;
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
