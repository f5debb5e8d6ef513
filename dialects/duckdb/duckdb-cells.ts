import type { BulkColumn, BulkStatement, ColumnValues, SqlText, TargetColumn } from '../dialect.ts';
import { parseDuckdbType } from './duckdb-type-name.ts';

/*
 * Many rows stand in a temporary table, which the session appends as vectors; a few are parameters.
 * DuckDB casts their cells, texts, to the types of the columns: a cell that the session could read
 * itself has its type already, and that cast costs nothing (`src/ARCHITECTURE.md` has the figures).
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

/** One of the statements over the rows: its text, and which of the bound columns it reads. */
export interface RowsStatement {
  /** `rows` is a SELECT in brackets, whose n-th column is called `c<n>`. */
  readonly text: (rows: string) => string;
  /** Absent: all of them. */
  readonly columns?: readonly number[];
}

/** Of so many rows a table to put them in would be most of the work. */
const FEW_ROWS = 16;
/** By its full name: a schema of the file may be called as the catalog is. */
const TABLE = 'temp.main.tidemark_rows';

function castsOf(columns: readonly BulkColumn[], read: readonly number[]): string {
  const casts = read.map((at, i) => {
    const bound = columns[at];
    if (bound === undefined) throw new Error(`there is no column ${at}`);
    return `${castOf(bound.column, `k${at}`)} AS c${i}`;
  });
  return casts.join(', ');
}

/** The columns that are read, as rows of parameters; a null alone would have no type. */
function givenRows(read: readonly number[], rows: number): string {
  const row = (n: number): string =>
    `(${read.map((_, i) => `$${n * read.length + i + 1}::VARCHAR`).join(', ')})`;
  const names = read.map((at) => `k${at}`).join(', ');
  return `(VALUES ${Array.from({ length: rows }, (_, n) => row(n)).join(', ')}) AS v(${names})`;
}

function givenValues(
  cells: readonly ColumnValues[],
  read: readonly number[],
  rows: number,
): (string | null)[] {
  const row = (n: number): (string | null)[] => read.map((at) => cells[at]?.[n] ?? null);
  return Array.from({ length: rows }, (_, n) => row(n)).flat();
}

/** One that takes many rows through a table of the session. */
export type StagingStatement = BulkStatement & Required<Pick<BulkStatement, 'stage'>>;

/** Statements over the same rows of these columns, which run one after the other. */
export function overRows(
  columns: readonly BulkColumn[],
  ...statements: readonly RowsStatement[]
): StagingStatement {
  const parts = statements.map(({ text, columns: read = columns.map((_, i) => i) }) => {
    const relation = (rows: string): string => `(SELECT ${castsOf(columns, read)} FROM ${rows})`;
    return { text, read, relation, staged: text(relation(TABLE)) };
  });
  const types = columns.map(({ column }) => column.type);
  const overTable = chained(parts.map(({ staged }) => ({ text: staged, values: [] })));
  const stage: StagingStatement['stage'] = (cells) => ({
    ...overTable,
    staged: { table: TABLE, types, columns: cells },
  });
  return {
    stage,
    bind: (cells) => {
      const rows = cells[0]?.length ?? 0;
      if (rows > FEW_ROWS) return stage(cells);
      const given = parts.map(({ text, read, relation }) => ({
        text: text(relation(givenRows(read, rows))),
        values: givenValues(cells, read, rows),
      }));
      return chained(given);
    },
  };
}

function chained(statements: readonly SqlText[]): SqlText {
  return statements.reduceRight((next, sql): SqlText => ({ ...sql, next }));
}
