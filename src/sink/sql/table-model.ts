import type {
  BulkStatement,
  BulkTarget,
  TargetDialect,
  TargetName,
  TargetTable,
  ValueEncoder,
} from '../../../dialects/dialect.ts';
import { must } from '../../foundation/assert.ts';
import type { ConnectSchema } from '../../model/connect-schema.ts';

export type BulkOperation =
  'insert' | 'insertMissing' | 'upsert' | 'update' | 'deleteByKey' | 'deleteOneEach' | 'find';

/** Column numbers of a target table, ascending; the same set is the same object (`columnSet`). */
export type ColumnSet = readonly number[];

/**
 * A target table as it was last read, with the statements made for it. A new one is made whenever
 * the catalog is read anew, so nothing here can be stale against itself.
 */
export class TableModel {
  readonly table: TargetTable;
  readonly key: readonly string[];
  readonly #dialect: TargetDialect;
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #statements = new Map<string, Map<ColumnSet, BulkStatement>>();
  readonly #columnSets = new Map<string, ColumnSet>();
  /** Whether every encoder of the column writes text that needs no quotes. */
  readonly #plain: boolean[];

  constructor(dialect: TargetDialect, table: TargetTable, key: readonly string[]) {
    this.#dialect = dialect;
    this.table = table;
    this.key = key;
    this.#numbers = new Map(table.columns.map((column, i) => [column.name, i]));
    this.#plain = table.columns.map(() => true);
  }

  /** See `TargetDialect.zoneInTexts`. */
  get zoneInTexts(): boolean {
    return this.#dialect.zoneInTexts === true;
  }

  get name(): TargetName {
    return this.table.name;
  }

  has(column: string): boolean {
    return this.#numbers.has(column);
  }

  number(column: string): number {
    return must(this.#numbers.get(column), `column ${column} was not checked before`);
  }

  /** An encoder for values of `schema` in the column with this number. */
  encoder(schema: ConnectSchema, number: number): ValueEncoder {
    const encoder = this.#dialect.encoder(schema, must(this.table.columns[number], 'column'));
    if (!encoder.plain && this.#plain[number] === true) {
      this.#plain[number] = false;
      this.#statements.clear();
    }
    return encoder;
  }

  columnSet(numbers: readonly number[]): ColumnSet {
    const sorted = numbers.toSorted((a, b) => a - b);
    const name = sorted.join(' ');
    let known = this.#columnSets.get(name);
    if (known === undefined) {
      known = sorted;
      this.#columnSets.set(name, known);
    }
    return known;
  }

  /** `guard` and `deleted`: see `BulkTarget`. */
  statement(
    operation: BulkOperation,
    columns: ColumnSet,
    guard?: string,
    deleted?: string,
  ): BulkStatement {
    const kind = guard === undefined ? operation : `${operation} ${guard}`;
    let ofOperation = this.#statements.get(kind);
    if (ofOperation === undefined) {
      ofOperation = new Map();
      this.#statements.set(kind, ofOperation);
    }
    let statement = ofOperation.get(columns);
    if (statement === undefined) {
      statement = this.#dialect[operation](this.#bulkTarget(columns, guard, deleted));
      ofOperation.set(columns, statement);
    }
    return statement;
  }

  #bulkTarget(
    columns: ColumnSet,
    guard: string | undefined,
    deleted: string | undefined,
  ): BulkTarget {
    return {
      table: this.table,
      key: this.key,
      ...(guard === undefined ? {} : { guard }),
      ...(deleted === undefined ? {} : { deleted }),
      columns: columns.map((number) => ({
        column: must(this.table.columns[number], 'column'),
        plain: this.#plain[number] ?? false,
      })),
    };
  }
}
