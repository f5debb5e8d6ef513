import type { ComparisonDialect, TargetName } from '../dialect.ts';
import { quoteSqliteName, quoteSqliteTable, sqliteLiteral } from './sqlite-identifiers.ts';

const qualified = ({ schema, table }: TargetName): string => quoteSqliteTable(schema, table);

/** SQLite compares: values by their storage class, texts by their bytes. */
export const sqliteComparison: ComparisonDialect = {
  session: (table) => ({ schema: 'temp', table }),
  make(table, of, columns, key) {
    const list = columns.map(quoteSqliteName).join(', ');
    // Its columns have the affinities of the others.
    const rows = `SELECT ${list}, CAST(0 AS INTEGER) AS tidemark_row FROM ${qualified(of)}`;
    const index = quoteSqliteTable('temp', `${table.table}_key`);
    return [
      `CREATE TEMPORARY TABLE ${quoteSqliteName(table.table)} AS ${rows} WHERE 0`,
      `CREATE INDEX ${index} ON ${quoteSqliteName(table.table)} ` +
        `(${key.map(quoteSqliteName).join(', ')})`,
    ];
  },
  empty: (table) => `DELETE FROM ${qualified(table)}`,
  drop: (table) => `DROP TABLE IF EXISTS ${qualified(table)}`,
  beside: (s, t, on) => `${qualified(s)} AS s LEFT JOIN ${qualified(t)} AS t ON ${on}`,
  differs: (_column, one, other) => `(${one}) COLLATE BINARY IS NOT (${other})`,
  text: (_column, value) =>
    `CASE typeof(${value}) WHEN 'blob' THEN hex(${value}) ELSE CAST(${value} AS TEXT) END`,
  key: (_column, text) => sqliteLiteral(text),
};
