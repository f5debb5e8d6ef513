import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import type { PostgresTextFormat } from '../../src/model/table-schema.ts';
import { named, unnamed } from '../semantic-schemas.ts';
import { mapBaseType, mapUnknown } from './postgres-base-types.ts';
import type { ColumnInfo, TypeInfo } from './postgres-catalog.ts';
import type { Mapped, ValueModes } from './postgres-value-modes.ts';

/** The required schema of a type and how its text is read; or the name of the type we refuse. */
export type TypeMapping =
  | {
      readonly supported: true;
      readonly schema: ConnectSchema;
      readonly format: PostgresTextFormat;
      /** Of the root of a domain; `enum` for all enums. */
      readonly rootName: string;
    }
  | { readonly supported: false; readonly typeName: string };

export type TypeLookup = (oid: number) => TypeInfo | undefined;

/** What of a column decides its form in the records. */
export type TypedColumn = Pick<ColumnInfo, 'typeOid' | 'typmod' | 'typeText' | 'dimensions'>;

/** Maps a column's type: domains are followed to their root, arrays to their elements. */
export function mapPostgresType(
  column: TypedColumn,
  types: TypeLookup,
  modes: ValueModes,
): TypeMapping {
  const resolved = resolveDomain(column.typeOid, column.typmod, types);
  const mapped = mapType(resolved, {
    types,
    modes,
    dimensions: Math.max(1, column.dimensions ?? 1),
  });
  return mapped === null
    ? { supported: false, typeName: column.typeText }
    : { supported: true, ...mapped, rootName: rootName(resolved.type) };
}

function rootName(type: TypeInfo | undefined): string {
  return type?.kind === 'enum' ? 'enum' : (type?.name ?? '');
}

/** A type that is no domain. */
export interface ResolvedType {
  readonly type: TypeInfo | undefined;
  readonly typmod: number;
}

/** A domain may stand on a domain; the modifier that is nearest to the root decides (P84). */
export function resolveDomain(oid: number, typmod: number, types: TypeLookup): ResolvedType {
  let type = types(oid);
  let modifier = typmod;
  while (type?.kind === 'domain') {
    if (type.baseTypmod !== -1) modifier = type.baseTypmod;
    type = types(type.baseOid);
  }
  return { type, typmod: modifier };
}

interface Mapping {
  readonly types: TypeLookup;
  readonly modes: ValueModes;
  /** As the column declares its array. */
  readonly dimensions: number;
}

/** Null: a type that has to be refused by name. */
function mapType(resolved: ResolvedType, mapping: Mapping): Mapped | null {
  const { type, typmod } = resolved;
  const { modes } = mapping;
  if (type === undefined) return null;
  switch (type.kind) {
    case 'enum':
      return mapEnum(type);
    // A row's text says all of it, and is what a target takes; so with ranges.
    case 'composite':
    case 'multirange':
      return isUnknown(type, modes) ? mapUnknown(modes) : TEXT;
    case 'range':
      return TEXT;
    case 'base': {
      if (type.elementOid !== 0) return mapArray(type, typmod, mapping);
      if (isUnknown(type, modes)) return mapUnknown(modes);
      return mapBaseType(type, typmod, modes) ?? (modes.includeUnknown ? mapUnknown(modes) : null);
    }
    case 'domain':
    case 'pseudo':
      return null;
  }
}

/** Texts that the original has no mapping for. (Its forms of geometric types came with 3.7.) */
const UNKNOWN_TO_DEBEZIUM = new Set(
  `tsquery pg_lsn jsonpath xid xid8 cid tid int2vector oidvector pg_snapshot txid_snapshot
    regclass regcollation regconfig regdictionary regnamespace regoper regoperator regproc
    regprocedure regrole regtype`.split(/\s+/),
);

/** include.unknown.datatypes asks for bytes of what the original does not know. */
function isUnknown(type: TypeInfo, { includeUnknown, values }: ValueModes): boolean {
  if (!includeUnknown || values !== 'debezium') return false;
  return (
    type.kind !== 'base' || (type.schema === 'pg_catalog' && UNKNOWN_TO_DEBEZIUM.has(type.name))
  );
}

/** In arrays the original's times pass through a Java type of ms, those with a zone one of s. */
function cutTimes(format: PostgresTextFormat): PostgresTextFormat {
  switch (format.kind) {
    case 'time':
    case 'iso-time':
      return { ...format, cut: 'ms' };
    case 'zoned-time':
      return { ...format, cut: 's' };
    case 'structured':
      return format.part === 'time' ? { ...format, cut: 'ms' } : format;
    default:
      return format;
  }
}

const TEXT: Mapped = { schema: unnamed('string'), format: { kind: 'string' } };

function mapEnum(type: TypeInfo): Mapped {
  const schema = named('string', 'io.debezium.data.Enum');
  return {
    schema: { ...schema, parameters: { allowed: type.labels.join(',') } },
    format: { kind: 'string', labels: type.labels },
  };
}

function mapArray(type: TypeInfo, typmod: number, mapping: Mapping): Mapped | null {
  const { types, modes, dimensions } = mapping;
  const resolved = resolveDomain(type.elementOid, typmod, types);
  // An element that is a domain over an array has dimensions of its own: its text stays a text.
  const inner = resolved.type?.elementOid === 0 ? mapType(resolved, mapping) : TEXT;
  if (resolved.type === undefined || inner === null) return null;
  const several = dimensions > 1 && modes.arrays !== 'nested';
  if (modes.arrays === 'all_text' || several) return TEXT;
  // Of enums the original has required elements.
  const required = resolved.type.kind === 'enum' && !modes.enumElementsOptional;
  let elementSchema: ConnectSchema = { ...inner.schema, optional: !required };
  let schema: ConnectSchema = { ...unnamed('array'), valueSchema: elementSchema };
  for (let i = 1; i < dimensions; i++) {
    elementSchema = schema;
    schema = { ...unnamed('array'), valueSchema: elementSchema };
  }
  const { delimiter } = type;
  const element = modes.values === 'debezium' ? cutTimes(inner.format) : inner.format;
  return {
    schema,
    format: { kind: 'array', element, elementSchema, delimiter, dimensions },
  };
}
