import { TidemarkError } from '../../src/foundation/errors.ts';
import type {
  TargetColumn,
  TargetName,
  TargetTable,
  TypeChange,
  WantedColumn,
  WantedType,
} from '../dialect.ts';
import { duckdbEncoder } from './duckdb-cell-encoder.ts';
import { castOf } from './duckdb-cells.ts';
import { grownType, grownValue } from './duckdb-column-types.ts';
import { duckdbLiteral, quoteDuckdbName, quoteDuckdbTable } from './duckdb-identifiers.ts';

const tableOf = (name: TargetName): string => quoteDuckdbTable(name.schema, name.table);

/** Makes the schema. */
export function createDuckdbSchema(schema: string): string {
  return `CREATE SCHEMA IF NOT EXISTS ${quoteDuckdbName(schema)}`;
}

function columnFor(name: string, type: string): TargetColumn {
  return {
    name,
    type,
    castType: type,
    isArray: false,
    notNull: false,
    hasDefault: false,
    generated: false,
    identityAlways: false,
  };
}

function defaultClause({ name, schema, type }: WantedColumn): string {
  const value = schema.default;
  if (value === undefined || value === null) return '';
  const column = columnFor(name, type.ddl);
  const cell = duckdbEncoder(schema, column).encode(value);
  return cell === null ? '' : ` DEFAULT ${castOf(column, duckdbLiteral(cell))}`;
}

/**
 * Only columns of the key are NOT NULL: what the source holds to needs no second guard, and when it
 * lets a null in, nothing has to be altered, which DuckDB refuses where the table has an index.
 */
function columnClause(column: WantedColumn, isKey: boolean): string {
  const rest = isKey ? ' NOT NULL' : defaultClause(column);
  return `${quoteDuckdbName(column.name)} ${column.type.ddl}${rest}`;
}

/** DuckDB holds names equal that differ by case only. */
function checkNames(name: TargetName, columns: readonly WantedColumn[]): void {
  const folded = new Map<string, string>();
  for (const column of columns) {
    const low = column.name.toLowerCase();
    const other = folded.get(low);
    if (other !== undefined) {
      const both = `the columns ${other} and ${column.name} of ${tableOf(name)}`;
      const reason = 'differ only by upper and lower case, which DuckDB does not tell apart';
      throw new TidemarkError('SINK_SCHEMA', `${both} ${reason}`, {
        cure: 'Leave one of them out with column.exclude.list, or rename it with a transform.',
      });
    }
    folded.set(low, column.name);
  }
}

function keyClause(kind: 'PRIMARY KEY' | 'UNIQUE', key: readonly string[]): string {
  return `${kind} (${key.map(quoteDuckdbName).join(', ')})`;
}

/** CREATE TABLE. */
export function createDuckdbTable(
  name: TargetName,
  columns: readonly WantedColumn[],
  key: readonly string[],
): readonly string[] {
  checkNames(name, columns);
  const clauses = columns.map((column) => columnClause(column, key.includes(column.name)));
  if (key.length > 0) clauses.push(keyClause('PRIMARY KEY', key));
  return [`CREATE TABLE IF NOT EXISTS ${tableOf(name)} (\n  ${clauses.join(',\n  ')}\n)`];
}

/**
 * ADD COLUMN with its constant default, so that rows already there get it: the source gave it to
 * its rows without a row event (ruling 5).
 */
export function addDuckdbColumn(name: TargetName, column: WantedColumn): string {
  return `ALTER TABLE ${tableOf(name)} ADD COLUMN ${columnClause(column, false)}`;
}

/** Lets a column take null. */
export function dropDuckdbNotNull(name: TargetName, column: TargetColumn): string {
  return `ALTER TABLE ${tableOf(name)} ALTER COLUMN ${quoteDuckdbName(column.name)} DROP NOT NULL`;
}

/** Gives a column another type; its values are cast. */
export function changeDuckdbType(name: TargetName, column: TargetColumn, type: WantedType): string {
  const quoted = quoteDuckdbName(column.name);
  const ddl = grownType(column, type);
  const value = grownValue(quoted, column, ddl);
  return `ALTER TABLE ${tableOf(name)} ALTER COLUMN ${quoted} TYPE ${ddl} USING ${value}`;
}

/** A table by other columns and another key, with its rows; in one transaction. */
function remade(
  { name, columns, uniqueKeys, primaryKey }: TargetTable,
  key: readonly string[],
  changes: readonly TypeChange[],
): readonly string[] {
  const changed = new Map(changes.map((change) => [change.column.name, change]));
  const kept = columns.filter(({ generated }) => !generated);
  const typeOf = (column: TargetColumn): string => {
    const change = changed.get(column.name);
    return change === undefined ? column.type : grownType(column, change.type);
  };
  const clauses = kept.map((column) => {
    const isRelaxed = changed.get(column.name)?.relax === true;
    const notNull = (column.notNull && !isRelaxed) || key.includes(column.name);
    const initial = column.definition === undefined ? '' : ` DEFAULT ${column.definition}`;
    const rest = `${notNull ? ' NOT NULL' : ''}${initial}`;
    return `${quoteDuckdbName(column.name)} ${typeOf(column)}${rest}`;
  });
  if (key.length > 0) clauses.push(keyClause('PRIMARY KEY', key));
  const uniques = uniqueKeys.filter((unique) => unique.join() !== primaryKey.join());
  clauses.push(...uniques.map((unique) => keyClause('UNIQUE', unique)));
  const copy = { ...name, table: `${name.table} made anew` };
  const values = kept.map((column) => {
    const quoted = quoteDuckdbName(column.name);
    return changed.has(column.name) ? grownValue(quoted, column, typeOf(column)) : quoted;
  });
  return [
    `CREATE TABLE ${tableOf(copy)} (${clauses.join(', ')})`,
    `INSERT INTO ${tableOf(copy)} SELECT ${values.join(', ')} FROM ${tableOf(name)}`,
    `DROP TABLE ${tableOf(name)}`,
    `ALTER TABLE ${tableOf(copy)} RENAME TO ${quoteDuckdbName(name.table)}`,
  ];
}

/** ALTER lets the type of a column alone that is part of a key: then the table is made anew. */
export function widenDuckdbColumns(
  name: TargetName,
  changes: readonly TypeChange[],
  table: TargetTable,
): string {
  const isKeyed = changes.some(({ column }) =>
    table.uniqueKeys.some((key) => key.includes(column.name)),
  );
  if (isKeyed) return remade(table, table.primaryKey, changes).join(';\n');
  return changes
    .flatMap(({ column, type, relax }) => [
      changeDuckdbType(name, column, type),
      ...(relax ? [dropDuckdbNotNull(name, column)] : []),
    ])
    .join(';\n');
}

/** The statements that a person may run where the key has changed. */
export function changeDuckdbKey(table: TargetTable, key: readonly string[]): string {
  return ['BEGIN', ...remade(table, key, []), 'COMMIT;'].join(';\n');
}
