import type { ComparisonDialect, TargetColumn, TargetName } from '../dialect.ts';
import {
  duckdbLiteral,
  quoteDuckdbName,
  quoteDuckdbTable,
  SESSION_SCHEMA,
} from './duckdb-identifiers.ts';

const qualified = ({ schema, table }: TargetName): string => quoteDuckdbTable(schema, table);

/** To DuckDB a day is 24 hours, and a month 30 days. */
function isByText({ castType }: TargetColumn): boolean {
  return castType.includes('INTERVAL');
}

/** DuckDB compares: values by their types, which are told apart as it stores them. */
export const duckdbComparison: ComparisonDialect = {
  session: (table) => ({ schema: SESSION_SCHEMA, table }),
  make(table, of, columns) {
    const list = columns.map(quoteDuckdbName).join(', ');
    const rows = `SELECT ${list}, CAST(0 AS BIGINT) AS tidemark_row FROM ${qualified(of)}`;
    return [`CREATE TEMPORARY TABLE ${quoteDuckdbName(table.table)} AS ${rows} LIMIT 0`];
  },
  // What is deleted there stays in memory as long as the table does.
  empty: (table) => {
    const name = quoteDuckdbName(table.table);
    return `CREATE OR REPLACE TEMPORARY TABLE ${name} AS SELECT * FROM ${qualified(table)} LIMIT 0`;
  },
  drop: (table) => `DROP TABLE IF EXISTS ${qualified(table)}`,
  beside: (s, t, on) => `${qualified(s)} AS s LEFT JOIN ${qualified(t)} AS t ON ${on}`,
  differs: (column, one, other) =>
    isByText(column)
      ? `CAST(${one} AS VARCHAR) IS DISTINCT FROM CAST(${other} AS VARCHAR)`
      : `${one} IS DISTINCT FROM ${other}`,
  text: (column, value) =>
    column.castType === 'BLOB' ? `'\\x' || lower(hex(${value}))` : `CAST(${value} AS VARCHAR)`,
  key: (column, text) =>
    column.castType === 'BLOB'
      ? `from_hex(${duckdbLiteral(text.replace(/^\\x/, ''))})`
      : `CAST(${duckdbLiteral(text)} AS ${column.type})`,
};
