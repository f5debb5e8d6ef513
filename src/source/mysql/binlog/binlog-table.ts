import type { BinlogColumn, BinlogValueWriter } from '../../../../dialects/mysql/binlog-column.ts';
import { BinlogType } from '../../../../dialects/mysql/binlog-type.ts';
import { binlogValueWriter } from '../../../../dialects/mysql/binlog-values.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { TableMetadata } from './table-metadata.ts';

/** The text of a default, null, or undefined: only the server knows. */
export type OmittedValue = Buffer | null | undefined;

/**
 * A table as one TABLE_MAP tells it. The same object stands for every TABLE_MAP of the same
 * content, whatever its table id, so that whoever compiles something for it may keep it by the
 * object.
 */
export class BinlogTable {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly BinlogColumn[];
  /** By column: whether it may be null. */
  readonly nullable: readonly boolean[];
  readonly metadata: TableMetadata;
  /** Indexes of all columns, and of those of MySQL's type JSON. */
  readonly allColumns: Int32Array;
  readonly jsonColumns: Int32Array;
  /** By column: what an inserted row has that names it not (`mysql-field-schema`); see `refine`. */
  omitted: readonly OmittedValue[] = [];
  #refined: readonly BinlogColumn[];
  #writers: readonly BinlogValueWriter[] | null = null;

  constructor(
    id: { readonly schema: string; readonly name: string },
    columns: readonly BinlogColumn[],
    nullable: readonly boolean[],
    metadata: TableMetadata,
  ) {
    this.schema = id.schema;
    this.name = id.name;
    this.columns = columns;
    this.#refined = columns;
    this.nullable = nullable;
    this.metadata = metadata;
    this.allColumns = Int32Array.from(columns.keys());
    this.jsonColumns = this.allColumns.filter((i) => columns[i]?.type === BinlogType.json);
  }

  /**
   * One writer for each column, made at the first row. That of a type that is not known throws
   * DecodeError when a value is there: hidden columns (of an index over an expression) are in the
   * table map, and not in the rows (PITFALLS B124).
   */
  get writers(): readonly BinlogValueWriter[] {
    this.#writers ??= this.#refined.map(writerOf);
    return this.#writers;
  }

  /**
   * Columns by which values are read from now on: signs, collations and members that the server
   * does not tell (before MySQL 8.0, and MariaDB by default) and the schema history knows
   * (PITFALLS B49). To be called again when a statement changes them, because the table map may
   * then still be the same. `omitted` are the defaults.
   */
  refine(columns: readonly BinlogColumn[], omitted: readonly OmittedValue[] = []): void {
    const differs = columns.findIndex((column, i) => !isSameShape(column, this.columns[i]));
    if (columns.length !== this.columns.length || differs >= 0) {
      const what = `${this.schema}.${this.name}: its table map has other columns`;
      throw new TidemarkError('DECODE', what);
    }
    this.#refined = columns;
    this.omitted = omitted;
    this.#writers = null;
  }

  /** The column's name, or `@n` from 1 on where the server does not tell names. */
  columnName(index: number): string {
    return this.metadata.names?.[index] ?? `@${index + 1}`;
  }
}

function writerOf(column: BinlogColumn): BinlogValueWriter {
  try {
    return binlogValueWriter(column);
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

const OLD_TIMES: ReadonlySet<number> = new Set([
  BinlogType.timestamp,
  BinlogType.time,
  BinlogType.datetime,
]);

/** What the table map alone decides: how many bytes a value has. */
function isSameShape(column: BinlogColumn, told: BinlogColumn | undefined): boolean {
  if (column.type !== told?.type) return false;
  // Of MariaDB's old times only the definition knows the digits.
  return column.meta === told.meta || (told.meta === 0 && OLD_TIMES.has(told.type));
}
