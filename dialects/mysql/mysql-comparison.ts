import type { ComparisonDialect, TargetColumn, TargetName } from '../dialect.ts';
import { portableText, quoteName, quoteQualifiedName } from './mysql-identifiers.ts';

const TEXTS = /^(?:var)?char\b|text\b|^enum\b|^set\b/i;
/** What is bytes to read, and to compare. */
const BYTES = /binary\b|blob\b|^bit\b|^geom|point\b|linestring\b|polygon\b|^vector\b/i;
const NUMBERS = /^(?:tiny|small|medium|big)?int\b|^decimal\b|^year\b|^float\b|^double\b/i;
const NUMBER = /^-?\d+(?:\.\d+)?(?:e[-+]?\d+)?$/i;

const qualified = ({ schema, table }: TargetName): string => quoteQualifiedName(schema, table);

/** MySQL and MariaDB compare: texts by their bytes, whatever the collation, all else by value. */
export const mysqlComparison: ComparisonDialect = {
  session: (table, { schema }) => ({ schema, table }),
  make(table, of, columns, key) {
    const list = columns.map((name) => `t.${quoteName(name)}`).join(', ');
    // Of an outer join every column takes null, whatever the table says of it.
    const rows =
      `SELECT ${list}, CAST(0 AS SIGNED) AS tidemark_row FROM (SELECT 1 AS one) AS o ` +
      `LEFT JOIN ${qualified(of)} AS t ON 1 = 0 WHERE 1 = 0`;
    const keyed = key.map(quoteName).join(', ');
    return [
      `CREATE TEMPORARY TABLE ${qualified(table)} AS ${rows}`,
      `ALTER TABLE ${qualified(table)} ADD INDEX tidemark_key (${keyed})`,
    ];
  },
  empty: (table) => `DELETE FROM ${qualified(table)}`,
  drop: (table) => `DROP TEMPORARY TABLE IF EXISTS ${qualified(table)}`,
  beside: (s, t, on) => `${qualified(s)} AS s LEFT JOIN ${qualified(t)} AS t ON ${on}`,
  differs(column, one, other) {
    if (isOf(TEXTS, column)) return `NOT (CAST(${one} AS BINARY) <=> CAST(${other} AS BINARY))`;
    if (isOf(BYTES, column)) return `NOT (HEX(${one}) <=> HEX(${other}))`;
    return `NOT (${one} <=> ${other})`;
  },
  text: (column, value) => (isOf(BYTES, column) ? `HEX(${value})` : `CAST(${value} AS CHAR)`),
  key(column, text) {
    if (isOf(BYTES, column)) return `X'${Buffer.from(text, 'hex').toString('hex')}'`;
    // A number that is compared with a text is a double first.
    return isOf(NUMBERS, column) && NUMBER.test(text) ? text : portableText(text);
  },
};

function isOf(types: RegExp, { type }: TargetColumn): boolean {
  return types.test(type);
}
