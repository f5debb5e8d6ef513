import type { BulkColumn, BulkStatement, ColumnValues, TargetColumn } from '../dialect.ts';
import { parseDuckdbType } from './duckdb-type-name.ts';

/*
 * Rows come as one text for each column, whose cells stand between separators: DuckDB cuts it and
 * casts the cells, vector by vector, on its own threads. The other ways of the driver bind or
 * append value by value, on the main thread (`src/ARCHITECTURE.md` has the figures).
 */

/** Reads a cell, a text, as a value of the column. */
export function castOf({ type }: TargetColumn, cell: string): string {
  const { base, depth } = parseDuckdbType(type);
  if (depth > 0) {
    const texts = `CAST(CAST(${cell} AS JSON) AS VARCHAR${'[]'.repeat(depth)})`;
    return base === 'VARCHAR' ? texts : `CAST(${texts} AS ${type})`;
  }
  if (base === 'VARCHAR') return cell;
  if (base === 'BLOB') return `from_base64(${cell})`;
  const isNested = /^(?:MAP|STRUCT)\(/.test(base);
  return `CAST(${isNested ? `CAST(${cell} AS JSON)` : cell} AS ${type})`;
}

/** The rows of a bulk statement as a relation: the n-th column is called `c<n>`. */
export interface CellRows {
  /** A SELECT in brackets. */
  readonly relation: string;
  /** The values of its parameters. */
  values(columns: readonly ColumnValues[]): readonly string[];
}

const SEPARATOR = '\u001F';
const NULL = '\u001A';

/** Rows of these columns; `order` says which of the columns that are bound each of them is. */
export function cellRows(
  columns: readonly BulkColumn[],
  order: readonly number[] = columns.map((_, i) => i),
): CellRows {
  const count = columns.length;
  const cut = columns.map((_, i) => `unnest(string_split($${i + 1}, $${count + 1})) AS t${i}`);
  const cast = columns.map(
    ({ column }, i) => `${castOf(column, `nullif(t${i}, $${count + 2})`)} AS c${i}`,
  );
  return {
    relation: `(SELECT ${cast.join(', ')} FROM (SELECT ${cut.join(', ')}))`,
    values: (all) => {
      const bound = order.map((column) => all[column] ?? []);
      const separator = unused(SEPARATOR, (sign) => bound.some((cells) => holds(cells, sign)));
      const none = unused(NULL, (sign) => bound.some((cells) => cells.includes(sign)));
      const texts = bound.map((cells) => cells.map((cell) => cell ?? none).join(separator));
      return [...texts, separator, none];
    },
  };
}

function holds(cells: ColumnValues, sign: string): boolean {
  return cells.some((cell) => cell?.includes(sign) === true);
}

/**
 * A sign that no cell has; almost always the first. The others begin and end with characters that
 * they have nowhere else, so that none can begin within a cell and end within a separator.
 */
function unused(sign: string, isUsed: (sign: string) => boolean): string {
  let free = sign;
  for (let n = 0; isUsed(free); n++) free = `${sign}${n}\u001E`;
  return free;
}

/** A statement over the rows of a relation. */
export function overRows(text: string, rows: CellRows): BulkStatement {
  return { bind: (columns) => ({ text, values: rows.values(columns) }) };
}
