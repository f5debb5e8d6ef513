import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import { DECIMAL } from '../../src/model/connect-schema.ts';
import type { TargetColumn, TargetTable, WantedType, Widening } from '../dialect.ts';
import { duckdbScalar } from './duckdb-nested.ts';
import type { DuckdbType } from './duckdb-type-name.ts';
import { parseDuckdbType, printEnum } from './duckdb-type-name.ts';
import { duckdbTypeFits, isWholeType } from './duckdb-type-rules.ts';

/** The type that a column of this schema gets in a table of the target. */
export function duckdbColumnType(schema: ConnectSchema, keyColumns: number): WantedType {
  const { ddl } = duckdbScalar(schema);
  // A label more would mean to make the whole table anew.
  const isRigid = keyColumns > 0 && ddl.startsWith('ENUM(');
  return { ddl: isRigid ? 'VARCHAR' : ddl, enumType: null, exact: true };
}

const isText = ({ base, depth }: DuckdbType): boolean => base === 'VARCHAR' && depth === 0;

/** A column of `actual` takes every value that is wanted unchanged; a text takes all but bytes. */
export function duckdbTypeHolds(actual: TargetColumn, wanted: WantedType): boolean {
  const have = parseDuckdbType(actual.type);
  const want = parseDuckdbType(wanted.ddl);
  return duckdbTypeFits(want, have) || (isText(have) && want.base !== 'BLOB');
}

const DECIMALS = new Set([DECIMAL, 'io.debezium.data.VariableScaleDecimal']);

/** Whether values of the schema are decimals, whose digits count and not their text. */
export function isDecimalSchema({ name = '' }: ConnectSchema): boolean {
  return DECIMALS.has(name);
}

/**
 * A column grows where ALTER and a record end in the same value: within numbers, an ENUM by labels,
 * and numbers into the text that the source itself makes of them.
 */
function grows(have: DuckdbType, want: DuckdbType, schema: ConnectSchema): boolean {
  if (have.labels !== null) return want.labels !== null || isText(want);
  if (!isText(want)) return duckdbTypeFits(have, want);
  if (have.depth > 0) return false;
  const isNumber = isWholeType(have) || have.digits !== null;
  const isPlainText = schema.type === 'string' && schema.name === undefined;
  return isNumber && (isDecimalSchema(schema) || isPlainText);
}

/** How a column may get the type of its source. */
export function duckdbWidening(
  table: TargetTable,
  column: TargetColumn,
  wanted: WantedType,
  schema: ConnectSchema,
): Widening | null {
  const have = parseDuckdbType(column.type);
  const want = parseDuckdbType(wanted.ddl);
  if (column.generated || isText(have) || duckdbTypeFits(want, have)) return null;
  if (!grows(have, want, schema)) return null;
  const { boundBy = [], cannotBeRemade: lost } = table;
  const isKey = table.uniqueKeys.some((key) => key.includes(column.name));
  if (isKey && lost !== undefined) {
    const reason = `a column of a key takes a table that is made anew, which would lose ${lost}`;
    return { kind: 'refused', reason, cure: 'Drop the table, and snapshot it anew.' };
  }
  if (boundBy.length === 0) return { kind: 'rewrite' };
  return {
    kind: 'refused',
    reason: `DuckDB alters no table that has ${boundBy.join(', ')}`,
    cure: `Drop ${boundBy.join(', ')}; make it again when the column has its type.`,
  };
}

/** The type after the change: of an ENUM no label goes that rows may have. */
export function grownType(column: TargetColumn, wanted: WantedType): string {
  const have = parseDuckdbType(column.type).labels;
  const want = parseDuckdbType(wanted.ddl).labels;
  return have === null || want === null ? wanted.ddl : printEnum([...new Set([...want, ...have])]);
}

/**
 * What the column's values become: a number that turns into a text loses zeros at the end of its
 * fraction where records of its source have none there either.
 */
export function grownValue(column: string, from: TargetColumn, ddl: string): string {
  const isTrimmed = parseDuckdbType(from.type).digits?.[1] !== 0;
  const text = `CAST(${column} AS ${ddl})`;
  if (ddl !== 'VARCHAR' || parseDuckdbType(from.type).digits === null || !isTrimmed) return text;
  return `regexp_replace(${text}, '\\.?0+$', '')`;
}
