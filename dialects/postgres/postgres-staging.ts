import { createHash } from 'node:crypto';
import type { BulkColumn } from '../dialect.ts';

/** What COPY gives a meaning of its own. */
const SPECIAL = /[\\\t\n\r]/;

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
};

/** A value of COPY's text format. */
export function copyValue(text: string): string {
  if (!SPECIAL.test(text)) return text;
  return text.replaceAll(/[\\\t\n\r]/g, (sign) => ESCAPES[sign] as string);
}

/** Compiles a row's line in COPY's text format: `1\tshoe\t\N\n`. */
export function copyLine(
  columns: readonly BulkColumn[],
): (cells: readonly unknown[], numbers: readonly number[]) => string {
  const plain = columns.map((column) => column.plain);
  return (cells, numbers) => {
    let line = '';
    for (let i = 0; i < numbers.length; i++) {
      if (i > 0) line += '\t';
      const cell = cells[numbers[i] as number] as string | null;
      if (cell === null) line += '\\N';
      else line += plain[i] === true ? cell : copyValue(cell);
    }
    return `${line}\n`;
  };
}

/** By name of the format: what somebody set for the role has no part in it. */
export const COPY_SOURCE = "FROM STDIN (FORMAT text, ENCODING 'UTF8')";

/**
 * A temporary table for the rows of one statement. Its name comes from the statement, so that a
 * session that uses two never finds the rows of one in the table of the other.
 */
export function stagingTable(
  types: readonly string[],
  statement: string,
): { readonly table: string; readonly create: string; readonly copy: string } {
  const hash = createHash('sha256').update(statement).digest('hex').slice(0, 24);
  const table = `pg_temp.tidemark_rows_${hash}`;
  const columns = types.map((type, i) => `c${i} ${type}`).join(', ');
  return {
    table,
    create: `CREATE TEMPORARY TABLE IF NOT EXISTS ${table} (${columns}) ON COMMIT DELETE ROWS`,
    copy: `COPY ${table} ${COPY_SOURCE}`,
  };
}
