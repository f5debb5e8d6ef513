import type { StagedRows } from '../../../dialects/dialect.ts';
import type { TypedCell } from '../../../dialects/typed-cells.ts';
import type { ConnectValue, Struct } from '../../model/connect-schema.ts';
import { valuesOnce } from '../../model/connect-schema.ts';
import type { AbsentValues, Cell, Cells, PlannedField, RowPlan } from './row-plan.ts';
import { encodeField, encodeKey, nullInKey } from './row-plan.ts';

type ColumnCell = TypedCell | string | null;

/** A column of the table, and which value of a record goes there. */
interface SourceColumn {
  readonly field: PlannedField;
  readonly isOfKey: boolean;
  /** Gone once a value has come that only its text will do for. */
  typed: PlannedField['encoder']['typed'];
}

/** What is known of rows of a plan; made once. */
interface ColumnPlan {
  /** In the order of the plan's columns. */
  readonly columns: readonly SourceColumn[];
  readonly key: readonly SourceColumn[];
}

const plans = new WeakMap<RowPlan, ColumnPlan>();

function columnPlan(plan: RowPlan): ColumnPlan {
  let known = plans.get(plan);
  if (known === undefined) {
    const sources = new Map<number, SourceColumn>();
    const add = (isOfKey: boolean) => (field: PlannedField) => {
      sources.set(field.column, { field, isOfKey, typed: field.encoder.typed });
    };
    plan.fields.forEach(add(false));
    // As in rows: where both have a column, the key's value is the one that is written.
    plan.keyFields.forEach(add(true));
    const at = (column: number): SourceColumn => sources.get(column) as SourceColumn;
    known = {
      columns: plan.columns.map(at),
      key: plan.keyFields.map(({ column }) => at(column)),
    };
    plans.set(plan, known);
  }
  return known;
}

/** Undefined: only its text will do. */
function cellOf(source: SourceColumn, value: ConnectValue): ColumnCell | undefined {
  // A null may stand for a default there.
  if (source.typed === undefined) return encodeField(source.field, value);
  if (value === null) return null;
  const cell = source.typed(value);
  if (cell === undefined) source.typed = undefined;
  return cell;
}

const DEAD = 0;
const LIVE = 1;
/** Its first change in the batch says that the row came to be. */
const NEW = 2;

/** How a batch takes a record: it is in it, belongs to the next one, or needs the general way. */
export type Taken = 'taken' | 'next' | 'refused';

/**
 * The same reduction as `KeyedBatch`, for targets that take rows as vectors, and for rows that are
 * there whole: values go into columns at once, as the column's type has them. A row is no object,
 * its values are no texts, and so next to nothing of it has to live until the put is over: a
 * collector that finds little alive is what makes the difference.
 */
export class ColumnBatch {
  readonly plan: RowPlan;
  readonly #columns: readonly SourceColumn[];
  readonly #isTyped: readonly boolean[];
  readonly #cells: readonly ColumnCell[][];
  readonly #placeholder: AbsentValues;
  /** Row by row: DEAD, LIVE or NEW. */
  readonly #states: number[] = [];
  /** The row that is the last of its key; of one that is deleted the cells of its key. */
  readonly #last = new Map<ColumnCell, number | Cells>();
  /** Of texts. */
  #bytes = 0;

  constructor(plan: RowPlan, placeholder: AbsentValues) {
    this.plan = plan;
    this.#placeholder = placeholder;
    this.#columns = columnPlan(plan).columns;
    this.#isTyped = this.#columns.map(({ typed }) => typed !== undefined);
    this.#cells = this.#columns.map(() => []);
  }

  get rows(): number {
    return this.#states.length;
  }

  /** Characters of its texts. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The latest change of a key stands last, as in `KeyedBatch`. */
  write(key: Struct, row: Struct, isNew: boolean): Taken {
    const id = this.#idOf(key);
    if (id === undefined) return 'refused';
    const at = this.#states.length;
    const keys = key.values;
    const values = row === key ? keys : valuesOnce(row);
    for (let i = 0; i < this.#columns.length; i++) {
      const source = this.#columns[i] as SourceColumn;
      const value = (source.isOfKey ? keys : values)[source.field.index] ?? null;
      if (!source.isOfKey && this.#placeholder.isPlaceholder(value)) return 'refused';
      const cell = cellOf(source, value);
      if (cell === undefined) return 'refused';
      (this.#cells[i] as ColumnCell[])[at] = cell;
      if (typeof cell === 'string') this.#bytes += cell.length;
    }
    const earlier = this.#last.get(id);
    let state = isNew ? NEW : LIVE;
    if (earlier !== undefined) {
      // What was deleted before is no new row, and what was new before is.
      state = typeof earlier === 'number' ? (this.#states[earlier] as number) : LIVE;
      this.#end(earlier);
    }
    this.#states.push(state);
    this.#last.set(id, at);
    return 'taken';
  }

  /** `plan`: that of the record, which may be a tombstone. */
  delete(plan: RowPlan, key: Struct): Taken {
    if (plan.keySchema !== this.plan.keySchema) return 'next';
    const id = this.#idOf(key);
    if (id === undefined) return 'refused';
    const cells: Cell[] = plan.blank.slice();
    encodeKey(plan, key, cells);
    this.#end(this.#last.get(id));
    this.#last.set(id, cells);
    return 'taken';
  }

  #end(earlier: number | Cells | undefined): void {
    if (typeof earlier === 'number') this.#states[earlier] = DEAD;
  }

  /** Distinguishes keys; by the plan of the rows, or a number might be compared with its text. */
  #idOf(key: Struct): ColumnCell | undefined {
    const sources = columnPlan(this.plan).key;
    const { values } = key;
    const [first] = sources;
    if (sources.length === 1 && first !== undefined) return keyCell(first, values);
    let text = '';
    for (const source of sources) {
      const cell = keyCell(source, values);
      if (cell === undefined) return undefined;
      const part = String(cell);
      text += `${part.length}:${part}`;
    }
    return text;
  }

  /** Cells of the keys whose rows are to go. */
  deleted(): readonly Cells[] {
    return [...this.#last.values()].filter((last) => typeof last !== 'number');
  }

  /** Rows that are written, and those of them that are most likely new. */
  written(): { readonly rows: readonly number[]; readonly added: readonly number[] } {
    const rows: number[] = [];
    const added: number[] = [];
    this.#states.forEach((state, row) => {
      if (state === DEAD) return;
      rows.push(row);
      if (state === NEW) added.push(row);
    });
    return { rows, added };
  }

  /** The columns of some of its rows. */
  columnsOf(rows: readonly number[]): StagedRows['columns'] {
    const isAll = rows.length === this.#states.length;
    return this.#cells.map((cells, i) => {
      // One that the table would not take may have left a cell more.
      cells.length = this.#states.length;
      const chosen = isAll ? cells : rows.map((row) => cells[row] as ColumnCell);
      return this.#isTyped[i] === true
        ? { typed: chosen as (TypedCell | null)[], length: chosen.length }
        : (chosen as (string | null)[]);
    });
  }
}

function keyCell(source: SourceColumn, values: Struct['values']): ColumnCell | undefined {
  const cell = cellOf(source, values[source.field.index] ?? null);
  if (cell === null) throw nullInKey(source.field);
  return cell;
}
