import type { SinkRecord } from '../../model/sink-record.ts';
import { later } from './row-position.ts';
import type { Cell, Cells, RowPlan } from './row-plan.ts';
import { ABSENT, keyText } from './row-plan.ts';
import type { ColumnSet } from './table-model.ts';

/** What the changes of a key in a batch come to. */
export interface GuardedRow {
  /** Of the newest of them. */
  readonly position: string;
  readonly isDelete: boolean;
  /** ABSENT where no change of the batch has a value that counts. */
  readonly cells: Cells;
  /** All columns of the newest, absent values and all; of a delete what it marks. */
  readonly columns: ColumnSet;
  readonly keyColumns: ColumnSet;
  /** By its number, of a column whose value is of an older change of the batch: that one's. */
  readonly older: ReadonlyMap<number, string>;
  /** Values of changes up to here are not the row's: it was deleted there, or came to be. */
  readonly since: string;
  /** Of a delete that only marks its row: what the batch wrote before it. */
  readonly before: GuardedRow | null;
}

/** Whether some of the values are of older changes than the newest, or in none of the batch. */
export function isPartial({ cells, older, isDelete }: GuardedRow): boolean {
  return !isDelete && (older.size > 0 || cells.includes(ABSENT));
}

/** Where a cell of the row comes from. */
export function cellPosition({ older, position }: GuardedRow, column: number): string {
  return older.get(column) ?? position;
}

/**
 * Changes of a guarded table, by key, in whatever order they come: the one with the highest
 * position wins, and a value that it left out is that of the newest change which has it.
 */
export class GuardedBatch {
  readonly #keepsDeleted: boolean;
  readonly #rows = new Map<string, GuardedRow>();
  #truncate: { readonly position: string; readonly record: SinkRecord } | null = null;

  /** `keepsDeleted`: rows that are deleted are marked, with the values they had. */
  constructor(keepsDeleted: boolean) {
    this.#keepsDeleted = keepsDeleted;
  }

  /** The last truncate. */
  get truncated(): { readonly position: string; readonly record: SinkRecord } | null {
    return this.#truncate;
  }

  /** What is left behind a position, by key. */
  *rowsBehind(position: string): Generator<readonly [key: string, row: GuardedRow]> {
    for (const entry of this.#rows) {
      if (entry[1].position > position) yield entry;
    }
  }

  truncate(position: string, record: SinkRecord): void {
    if (position > (this.#truncate?.position ?? '')) this.#truncate = { position, record };
  }

  /** `since`: the row came to be behind this position; what is older is of another one. */
  write(plan: RowPlan, cells: Cells, position: string, since = ''): void {
    const { columns, keyColumns } = plan;
    const state = { isDelete: false, older: NONE, since, before: null };
    this.#add({ position, cells, columns, keyColumns, ...state });
  }

  /** `columns`: of the cells those that a row gets which is only marked. */
  delete(plan: RowPlan, cells: Cells, position: string, columns: ColumnSet): void {
    const { keyColumns } = plan;
    const state = { isDelete: true, older: NONE, since: position, before: null };
    this.#add({ position, cells, columns, keyColumns, ...state });
  }

  #add(row: GuardedRow): void {
    const key = keyText(row.keyColumns, row.cells);
    const known = this.#rows.get(key);
    this.#rows.set(key, known === undefined ? row : this.#both(row, known));
  }

  #both(row: GuardedRow, known: GuardedRow): GuardedRow {
    const [newer, other] = known.position <= row.position ? [row, known] : [known, row];
    if (!newer.isDelete) return merged(newer, other);
    if (!this.#keepsDeleted) return newer;
    const earlier = other.isDelete ? other.before : other;
    if (earlier === null) return newer;
    const { before } = newer;
    return { ...newer, before: before === null ? earlier : this.#both(earlier, before) };
  }
}

const NONE: ReadonlyMap<number, string> = new Map();

/** A write, with what it leaves out of an older change. */
function merged(newer: GuardedRow, other: GuardedRow): GuardedRow {
  if (!isPartial(newer)) return newer;
  const row = withoutOlder(newer, other.since);
  if (other.isDelete) return row;
  const cells: Cell[] = row.cells.slice();
  const older = new Map(row.older);
  for (const column of row.columns) {
    const known = cells[column] === ABSENT ? row.since : older.get(column);
    const cell = other.cells[column];
    const from = cellPosition(other, column);
    if (known === undefined || cell === ABSENT || cell === undefined || from <= known) continue;
    cells[column] = cell;
    older.set(column, from);
  }
  return { ...row, cells, older };
}

/** The row without values of changes up to a position, which are not its own. */
export function withoutOlder(row: GuardedRow, position: string): GuardedRow {
  const since = later(row.since, position);
  if (since === row.since) return row;
  const gone = [...row.older].filter(([, from]) => from <= since).map(([column]) => column);
  if (gone.length === 0) return { ...row, since };
  const cells: Cell[] = row.cells.slice();
  const older = new Map(row.older);
  for (const column of gone) {
    cells[column] = ABSENT;
    older.delete(column);
  }
  return { ...row, cells, older, since };
}
