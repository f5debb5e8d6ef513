import type { CatalogRow, SqlText, TargetColumn, TargetName, TargetTable } from '../dialect.ts';
import { duckdbLiteral, quoteDuckdbName } from './duckdb-identifiers.ts';

/** Has a row when the schema exists. */
export function duckdbSchemaQuery(schema: string): SqlText {
  const name = duckdbLiteral(schema.toLowerCase());
  const text = `SELECT schema_name FROM duckdb_schemas()
    WHERE database_name = current_database() AND lower(schema_name) = ${name}`;
  return { text, values: [] };
}

/**
 * Asks for one table: one row for the table, one for each column, constraint and index. Names are
 * compared as DuckDB does, without regard to case.
 */
export function duckdbTableQuery(name: TargetName): SqlText {
  const at = `database_name = current_database()
    AND lower(schema_name) = ${duckdbLiteral(name.schema.toLowerCase())}`;
  const table = duckdbLiteral(name.table.toLowerCase());
  const text = `
SELECT 'table' AS kind, 0 AS place, table_name AS name, sql AS a, NULL AS b, NULL AS c
FROM duckdb_tables() WHERE ${at} AND lower(table_name) = ${table}
UNION ALL SELECT 'column', column_index, column_name, data_type,
  CASE WHEN is_nullable THEN '' ELSE 'NOT NULL' END, column_default
FROM duckdb_columns() WHERE ${at} AND lower(table_name) = ${table}
UNION ALL SELECT 'key', constraint_index, constraint_name, constraint_type,
  to_json(constraint_column_names)::VARCHAR, constraint_text
FROM duckdb_constraints()
WHERE ${at} AND lower(table_name) = ${table} AND constraint_type <> 'NOT NULL'
UNION ALL SELECT 'index', 0, index_name, expressions, NULL, NULL
FROM duckdb_indexes() WHERE ${at} AND lower(table_name) = ${table}
UNION ALL SELECT 'reference', 0, table_name, NULL, NULL, NULL
FROM duckdb_constraints() WHERE ${at} AND constraint_type = 'FOREIGN KEY'
  AND lower(referenced_table) = ${table}`;
  return { text, values: [] };
}

/** The answer to `duckdbTableQuery`; null when there is no such table, or it is a view. */
export function readDuckdbTable(name: TargetName, rows: readonly CatalogRow[]): TargetTable | null {
  const found = rows.find((row) => row['kind'] === 'table');
  if (found === undefined) return null;
  const of = (kind: string): readonly CatalogRow[] =>
    rows
      .filter((row) => row['kind'] === kind)
      .toSorted((left, right) => Number(left['place']) - Number(right['place']));
  const sql = String(found['a']);
  const columns = of('column').map((row) => columnOf(row, sql));
  const primary = of('key').find((row) => row['a'] === 'PRIMARY KEY');
  const uniques = of('key').filter((row) => row['a'] === 'UNIQUE');
  const primaryKey = primary === undefined ? [] : columnsOf(primary);
  const references = of('reference').map((row) => `references of ${String(row['name'])}`);
  return {
    name,
    columns,
    primaryKey,
    primaryKeyName: primary === undefined ? null : String(primary['name']),
    uniqueKeys: [primary, ...uniques].flatMap((row) => (row === undefined ? [] : [columnsOf(row)])),
    referenced: references.length > 0,
    boundBy: [...of('index').map((row) => `the index ${String(row['name'])}`), ...references],
    ...rigid(of('key'), columns),
  };
}

/** What a table that is made anew would lose. */
function rigid(
  constraints: readonly CatalogRow[],
  columns: readonly TargetColumn[],
): Pick<TargetTable, 'cannotBeRemade'> {
  const others = constraints.filter((row) => !/^(?:PRIMARY KEY|UNIQUE)$/.test(String(row['a'])));
  const found = [
    ...others.map((row) => String(row['c'])),
    ...columns.filter(({ generated }) => generated).map((one) => `generated ${one.name}`),
  ];
  return found.length === 0 ? {} : { cannotBeRemade: found.join(', ') };
}

function columnsOf(row: CatalogRow): readonly string[] {
  return JSON.parse(String(row['b'])) as readonly string[];
}

function columnOf(row: CatalogRow, sql: string): TargetColumn {
  const name = String(row['name']);
  const type = String(row['a']);
  const initial = row['c'];
  const hasDefault = typeof initial === 'string' && initial.toUpperCase() !== 'NULL';
  // The catalog tells the expression of a generated column as if it were a default.
  const isGenerated = [name, quoteDuckdbName(name)].some((shown) =>
    sql.includes(`${shown} ${type} GENERATED ALWAYS AS(`),
  );
  return {
    name,
    type,
    castType: type,
    isArray: type.endsWith('[]'),
    notNull: row['b'] === 'NOT NULL',
    hasDefault: hasDefault && !isGenerated,
    generated: isGenerated,
    identityAlways: false,
    ...(hasDefault ? { definition: initial } : {}),
  };
}
