import type { ResolvedOptions } from '../../config/option.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectRecord } from '../../model/connect-record.ts';
import { isStruct } from '../../model/connect-schema.ts';
import type { ConnectSchema, ConnectValue, Struct } from '../../model/connect-schema.ts';
import { fieldValue } from '../record-transform.ts';
import { perSchema } from '../schema-shape.ts';

/** A geometry of PostGIS. */
export interface GeometryValue {
  readonly wkb: Buffer;
  readonly srid: number | null;
}

const GEOMETRY = 'io.debezium.data.geometry.Geometry';
const USUAL_SRIDS = ['4326', '3857', '4269'];

/** The option `srids`. */
export function sridsOf(options: ResolvedOptions): ReadonlySet<number> {
  const given = options.list('srids');
  const numbers = (given.length === 0 ? USUAL_SRIDS : given).map(Number);
  if (numbers.every((srid) => Number.isInteger(srid))) return new Set(numbers);
  throw new TidemarkError('CONFIG_INVALID', 'srids has to be a list of whole numbers');
}

/** Most tables have none: that is found out once per schema. */
const hasGeometry = perSchema((schema): boolean => {
  if (schema.name === GEOMETRY) return true;
  const parts = (schema.fields ?? []).map((field) => field.schema);
  if (schema.valueSchema !== undefined) parts.push(schema.valueSchema);
  return parts.some((part) => hasGeometry(part));
});

/** The record with other bytes in its geometries, however deep they stand; in arrays if wanted. */
export function mapGeometries(
  record: ConnectRecord,
  inArrays: boolean,
  change: (geometry: GeometryValue) => Buffer,
): ConnectRecord {
  const { schema, value } = record.value;
  if (value === null || schema === null || !isStruct(value) || !hasGeometry(schema)) return record;
  return { ...record, value: { schema, value: mapped(schema, value, { inArrays, change }) } };
}

function mapped(
  schema: ConnectSchema,
  value: ConnectValue,
  how: { readonly inArrays: boolean; readonly change: (geometry: GeometryValue) => Buffer },
): ConnectValue {
  if (value === null || !hasGeometry(schema)) return value;
  if (isStruct(value)) {
    if (schema.name === GEOMETRY) return withBytes(value, how.change);
    const values = value.values.map((item, i) => {
      const field = value.schema.fields?.[i];
      return field === undefined ? item : mapped(field.schema, item, how);
    });
    return { schema: value.schema, values };
  }
  const items = schema.valueSchema;
  if (!how.inArrays || !Array.isArray(value) || items === undefined) return value;
  return (value as readonly ConnectValue[]).map((item) => mapped(items, item, how));
}

function withBytes(geometry: Struct, change: (geometry: GeometryValue) => Buffer): Struct {
  const wkb = fieldValue(geometry, 'wkb');
  const srid = fieldValue(geometry, 'srid');
  if (!Buffer.isBuffer(wkb)) return geometry;
  const bytes = change({ wkb, srid: typeof srid === 'number' ? srid : null });
  const values = geometry.values.map((value) => (value === wkb ? bytes : value));
  return { schema: geometry.schema, values };
}
