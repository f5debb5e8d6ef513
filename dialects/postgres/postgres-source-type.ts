import { POSTGRES_SOURCE_TYPE } from '../../src/model/connect-schema.ts';
import { numericSize } from './postgres-base-types.ts';
import { resolveDomain } from './postgres-types.ts';
import type { TypedColumn, TypeLookup } from './postgres-types.ts';

/** What JDBC's metadata say of types without a size of their own. */
const NO_LENGTH = 2147483647;

interface Size {
  readonly length: number;
  readonly scale: number;
}

/**
 * Parameters of a column's schema when source types are propagated: Debezium's four, with the sizes
 * of JDBC's metadata that it writes, and the source's own text of the type, from which a PostgreSQL
 * target can make the same column. Snapshot and stream say the same: where the original's differ
 * (serial types, numeric without precision) they are those of its stream.
 */
export function sourceTypeParameters(
  column: TypedColumn & { readonly name: string },
  types: TypeLookup,
): Readonly<Record<string, string>> {
  const declared = types(column.typeOid);
  const { type, typmod } = resolveDomain(column.typeOid, column.typmod, types);
  const element = type === undefined || type.elementOid === 0 ? type : types(type.elementOid);
  const { length, scale } = sizeOf(element?.schema === 'pg_catalog' ? element.name : '', typmod);
  const parameters: Record<string, string> = {
    '__debezium.source.column.type': (declared?.name ?? column.typeText).toUpperCase(),
    '__debezium.source.column.length': String(length),
    '__debezium.source.column.scale': String(scale),
    '__debezium.source.column.name': column.name,
    [POSTGRES_SOURCE_TYPE]: column.typeText,
  };
  // Debezium's `allowed` joins labels by commas: a label with a comma needs another form.
  if (element?.kind === 'enum' && element.labels.some((label) => label.includes(','))) {
    parameters['__tidemark.source.labels'] = JSON.stringify(element.labels);
  }
  return parameters;
}

const FIXED: Readonly<Record<string, Size>> = {
  bool: { length: 1, scale: 0 },
  char: { length: 1, scale: 0 },
  int2: { length: 5, scale: 0 },
  int4: { length: 10, scale: 0 },
  int8: { length: 19, scale: 0 },
  oid: { length: 10, scale: 0 },
  float4: { length: 8, scale: 8 },
  float8: { length: 17, scale: 17 },
  date: { length: 13, scale: 0 },
};

/** Letters of a value without its fraction: `10:00:00`, with `+00:00` behind, and so on. */
const CLOCKS: Readonly<Record<string, number>> = {
  time: 8,
  timetz: 14,
  timestamp: 22,
  timestamptz: 28,
};

function sizeOf(name: string, typmod: number): Size {
  const clock = CLOCKS[name];
  if (clock !== undefined) {
    const scale = typmod < 0 ? 6 : typmod;
    return { length: clock + (scale === 0 ? 0 : scale + 1), scale };
  }
  switch (name) {
    case 'numeric':
      return numericSize(typmod) ?? { length: 131_089, scale: 0 };
    case 'interval':
      return { length: 49, scale: typmod < 0 ? 6 : typmod & 0xffff };
    case 'varchar':
    case 'bpchar':
      return { length: typmod < 0 ? NO_LENGTH : typmod - 4, scale: 0 };
    case 'bit':
    case 'varbit':
      return { length: typmod < 0 ? NO_LENGTH : typmod, scale: 0 };
    default:
      return FIXED[name] ?? { length: NO_LENGTH, scale: 0 };
  }
}
