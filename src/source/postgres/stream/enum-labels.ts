import { parseArrayText } from '../../../../dialects/postgres/postgres-array-text.ts';
import type { RowChange } from '../../../model/change-event.ts';
import { ValueKind } from '../../../model/row-image.ts';
import type { RowImage } from '../../../model/row-image.ts';
import type { ColumnSchema, TableSchema } from '../../../model/table-schema.ts';

/**
 * The labels that a table's shape knows. ALTER TYPE … ADD VALUE changes no relation, so the server
 * tells nothing of it: the first row with the new label does (PITFALLS P85).
 */
export class EnumLabels {
  readonly #columns: readonly EnumColumn[];

  private constructor(columns: readonly EnumColumn[]) {
    this.#columns = columns;
  }

  /** Null: the table has no enums, and its rows need not be looked at. */
  static of(table: TableSchema): EnumLabels | null {
    const columns = table.columns.flatMap((column) => enumColumn(column) ?? []);
    return columns.length === 0 ? null : new EnumLabels(columns);
  }

  /** Every label of the row is known. */
  know({ before, after }: RowChange): boolean {
    return this.#knowAll(after) && this.#knowAll(before);
  }

  /** From here on the labels of this row count as known: the catalog has them no more. */
  accept({ before, after }: RowChange): void {
    for (const image of [before, after]) {
      if (image === null) continue;
      for (const column of this.#columns)
        for (const label of column.labelsOf(image)) column.add(label);
    }
  }

  #knowAll(image: RowImage | null): boolean {
    return image === null || this.#columns.every((column) => column.knows(image));
  }
}

class EnumColumn {
  readonly #index: number;
  readonly #delimiter: string | null;
  readonly #labels: Set<string>;
  readonly #bytes: Buffer[];

  /** `delimiter`: of an array. */
  constructor(index: number, delimiter: string | null, labels: readonly string[]) {
    this.#index = index;
    this.#delimiter = delimiter;
    this.#labels = new Set(labels);
    this.#bytes = labels.map((label) => Buffer.from(label));
  }

  add(label: string): void {
    this.#labels.add(label);
    this.#bytes.push(Buffer.from(label));
  }

  knows(image: RowImage): boolean {
    if (image.kinds[this.#index] !== ValueKind.text) return true;
    if (this.#delimiter !== null)
      return this.labelsOf(image).every((label) => this.#labels.has(label));
    const start = image.starts[this.#index] as number;
    const end = image.ends[this.#index] as number;
    for (const label of this.#bytes) {
      if (label.length === end - start && label.equals(image.bytes.subarray(start, end)))
        return true;
    }
    return false;
  }

  labelsOf(image: RowImage): readonly string[] {
    const text = image.text(this.#index);
    if (text === null || text === undefined) return [];
    if (this.#delimiter === null) return [text];
    return parseArrayText(text, this.#delimiter)
      .flat(6)
      .filter((item) => typeof item === 'string');
  }
}

function enumColumn({ format, tupleIndex }: ColumnSchema): EnumColumn | null {
  if (format.kind === 'string' && format.labels !== undefined) {
    return new EnumColumn(tupleIndex, null, format.labels);
  }
  if (format.kind !== 'array' || format.element.kind !== 'string') return null;
  const { labels } = format.element;
  return labels === undefined ? null : new EnumColumn(tupleIndex, format.delimiter, labels);
}
