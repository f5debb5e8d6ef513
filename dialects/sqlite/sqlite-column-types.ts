import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import { DECIMAL } from '../../src/model/connect-schema.ts';
import type { TargetColumn, TargetTable, WantedType, Widening } from '../dialect.ts';
import type { StorageClass } from './sqlite-cells.ts';
import { scalarOf } from './sqlite-scalars.ts';

/*
 * Tables that the sink makes are STRICT: their columns hold exactly one storage class, and a value
 * of another is an error instead of something else in silence. So decimals and whole numbers past
 * 64 bits are TEXT, which keeps every digit: a column of the type DECIMAL would have the affinity
 * NUMERIC, and make a double of them (PITFALLS S16). Types have no lengths: what a source widens
 * within its kind needs no change here.
 */

/** What a column does to values that come into it (SQLite's rules of affinity). */
export type Affinity = StorageClass | 'NUMERIC';

/** In `TargetColumn.castType`, in front of the type of a column of a STRICT table. */
const STRICT = 'STRICT ';
/** In a STRICT table ANY changes nothing; in others it is no type of its own. */
const STRICT_ANY = `${STRICT}ANY`;

/** The affinity that a declared type gives a column; also of what `takenBy` made of it. */
export function affinityOf(declaredType: string): Affinity {
  const type = declaredType.toUpperCase();
  if (type === STRICT_ANY) return 'BLOB';
  if (type.includes('INT')) return 'INTEGER';
  if (/CHAR|CLOB|TEXT/.test(type)) return 'TEXT';
  if (type === '' || type.includes('BLOB')) return 'BLOB';
  return /REAL|FLOA|DOUB/.test(type) ? 'REAL' : 'NUMERIC';
}

/** The type that a column of this schema gets in a table of the target. */
export function sqliteColumnType(schema: ConnectSchema): WantedType {
  return { ddl: scalarOf(schema).storage, enumType: null, exact: true };
}

/** What a column of the catalog takes, for `TargetColumn.castType`. */
export function takenBy(declaredType: string, isStrict: boolean): string {
  if (!isStrict) return affinityOf(declaredType);
  const type = declaredType.toUpperCase();
  return type === 'ANY' ? STRICT_ANY : STRICT + affinityOf(type);
}

/** Whole numbers that a double holds, too. */
const SMALL_INTEGERS = new Set(['int8', 'int16', 'int32', 'boolean']);

/**
 * A column of `actual` takes every value of the storage class that is wanted unchanged, or the
 * encoder can tell which it does not. TEXT writes the digits of a whole number, but only fifteen of
 * a REAL's. A STRICT column of another kind is refused as a whole: it is the sink's own, and what
 * comes is no longer what it was made for.
 */
export function sqliteTypeHolds(
  { castType }: TargetColumn,
  wanted: WantedType,
  schema: ConnectSchema,
): boolean {
  const isStrict = castType.startsWith(STRICT);
  const affinity = affinityOf(castType);
  if (affinity === 'BLOB' && castType !== `${STRICT}BLOB`) return true;
  switch (wanted.ddl) {
    case 'INTEGER':
      if (affinity === 'REAL') return SMALL_INTEGERS.has(schema.type);
      return affinity !== 'BLOB';
    case 'REAL':
      return affinity === 'REAL' || (!isStrict && affinity !== 'TEXT');
    case 'TEXT':
      return affinity === 'TEXT' || !isStrict;
    default:
      return affinity === 'BLOB' || !isStrict;
  }
}

const DECIMALS = new Set([DECIMAL, 'io.debezium.data.VariableScaleDecimal']);

/** Whether values of the schema are decimals, whose digits count and not their text. */
export function isDecimalSchema({ name = '' }: ConnectSchema): boolean {
  return DECIMALS.has(name);
}

/**
 * A column of whole numbers becomes one of decimals: its digits stay. Into any other TEXT nothing
 * is turned by itself: the text of a boolean or a time in the source is another than its number.
 */
export function sqliteWidening(
  { primaryKey }: TargetTable,
  { name, castType }: TargetColumn,
  wanted: WantedType,
  schema: ConnectSchema,
): Widening | null {
  if (castType !== `${STRICT}INTEGER` || wanted.ddl !== 'TEXT') return null;
  if (!isDecimalSchema(schema)) return null;
  if (!primaryKey.includes(name)) return { kind: 'rewrite' };
  return {
    kind: 'refused',
    reason: 'SQLite does not let a column of the primary key go',
    cure: 'Drop the table, and snapshot it anew.',
  };
}
