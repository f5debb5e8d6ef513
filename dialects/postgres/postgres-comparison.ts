import type { ComparisonDialect, TargetColumn, TargetName } from '../dialect.ts';
import { quoteIdentifier, quoteLiteral, quoteQualified } from './postgres-identifiers.ts';

/**
 * Types whose equality is that of what they mean: 1.10 is 1.1, whatever wrote it. Of all others
 * two values are the same that print the same: json has no equality, and that of an interval holds
 * a day and 24 hours the same.
 */
const BY_VALUE = new Set([
  'boolean',
  'smallint',
  'integer',
  'bigint',
  'real',
  'double precision',
  'numeric',
  'date',
  'time without time zone',
  'timestamp without time zone',
  'timestamp with time zone',
  'uuid',
  'bytea',
]);

const qualified = ({ schema, table }: TargetName): string => quoteQualified(schema, table);

function isByValue({ castType, isArray }: TargetColumn): boolean {
  return !isArray && BY_VALUE.has(castType);
}

/** PostgreSQL compares: the values as they are stored, by its own types. */
export const postgresComparison: ComparisonDialect = {
  session: (table) => ({ schema: 'pg_temp', table }),
  make(table, of, columns) {
    const list = columns.map(quoteIdentifier).join(', ');
    const rows = `SELECT ${list}, 0::bigint AS tidemark_row FROM ${qualified(of)}`;
    return [`CREATE TEMPORARY TABLE ${quoteIdentifier(table.table)} AS ${rows} WITH NO DATA`];
  },
  empty: (table) => `TRUNCATE ${qualified(table)}`,
  drop: (table) => `DROP TABLE IF EXISTS ${qualified(table)}`,
  // OFFSET 0 keeps it a look-up of each row by the key's index: nobody knows the size of `s`.
  beside(s, t, on) {
    const rows = `SELECT * FROM ${qualified(t)} AS t WHERE ${on} OFFSET 0`;
    return `${qualified(s)} AS s LEFT JOIN LATERAL (${rows}) AS t ON true`;
  },
  differs(column, one, other) {
    if (isByValue(column)) return `${one} IS DISTINCT FROM ${other}`;
    return `${one}::text COLLATE "C" IS DISTINCT FROM ${other}::text COLLATE "C"`;
  },
  text: (_column, value) => `${value}::text`,
  key: (_column, text) => quoteLiteral(text),
};
