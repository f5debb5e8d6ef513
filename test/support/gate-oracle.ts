import { formatLsn } from '../../src/model/lsn.ts';
import { tableName, type TableSchema } from '../../src/model/table-schema.ts';
import type { HoldAnswer } from '../../src/runtime/gate-states.ts';
import type { Answered } from './replayed-log.ts';
import { type LoggedTransaction, loggedText, placeOf } from './scripted-log.ts';

/** What happens to a table between two of its shapes, and what the policies say of that. */
export interface Passage {
  readonly added: readonly string[];
  readonly dropped: readonly string[];
  /** From, to. */
  readonly renamed?: readonly [from: string, to: string];
  readonly policy: 'evolve' | 'hold' | 'lenient';
}

/** A table of the oracle. */
export interface GovernedTable {
  readonly name: string;
  /** As it is before the log. */
  readonly first: TableSchema;
  readonly passage: (from: TableSchema, to: TableSchema) => Passage;
  readonly truncates: 'evolve' | 'hold';
}

/** A record as its topic has it. */
export interface ToldRecord {
  /** Null: a truncate. */
  readonly after: Readonly<Record<string, unknown>> | null;
  readonly order: number | undefined;
}

/** A column of the records: the type of its form, and whether its values still come. */
interface Column {
  readonly form: string;
  readonly isLive: boolean;
}

interface State {
  readonly columns: ReadonlyMap<string, Column>;
  /** An answer holds for changes between these two, for as long as something waits. */
  readonly settled: { readonly between: ReadonlySet<TableSchema>; answer: HoldAnswer } | null;
}

/** All answers that were durable, by what they were given to; the last of one counts. */
export class SaidAnswers {
  readonly #said = new Map<string, HoldAnswer>();

  add({ table, hold }: Answered): void {
    const { position, changes, answer } = hold;
    if (answer === undefined || changes.length === 0) return;
    const isTruncate = changes.some(({ class: kind }) => kind === 'table_truncated');
    this.#said.set(keyOf(table, position, isTruncate), answer);
  }

  of(table: TableSchema, position: string, isTruncate: boolean): HoldAnswer | undefined {
    return this.#said.get(keyOf(tableName(table.id), position, isTruncate));
  }
}

function keyOf(table: string, position: string | null, isTruncate: boolean): string {
  return `${table} ${position} ${isTruncate ? 'truncate' : 'shape'}`;
}

/**
 * Goes through the log beside what was told of a table; null: each change is there once, in order,
 * in the shape that policies and answers give it. Else what is wrong.
 */
export function wrongWith(
  { name, first, passage, truncates }: GovernedTable,
  log: readonly LoggedTransaction[],
  told: readonly ToldRecord[],
  said: SaidAnswers,
): string | null {
  let actual = first;
  let states: readonly State[] = [{ columns: columnsOf(first), settled: null }];
  let at = 0;
  for (const [index, transaction] of log.entries()) {
    for (const [i, { table, id }] of transaction.entries()) {
      if (table.id.table !== name) continue;
      const place = formatLsn(placeOf(index, i));
      const where = `${name} ${place}, record ${at}`;
      if (actual !== table) {
        const answer = said.of(table, place, false);
        const change = passage(actual, table);
        const between = new Set([actual, table]);
        states = states.flatMap((state) => crossed(state, between, table, change, answer));
        if (states.length === 0) return `${where}: nobody let it go on`;
      }
      actual = table;
      if (id === null && truncates === 'hold') {
        const answer = said.of(table, place, true);
        if (answer === undefined) return `${where}: nobody said what becomes of a truncate`;
        if (answer === 'reject') continue;
      }
      const record = told[at++];
      states = states.flatMap((state) => expectedOf(state, table, id, i + 1, record));
      if (states.length === 0) return `${where}: ${JSON.stringify(record)} for ${id}`;
    }
  }
  return at === told.length ? null : `${name}: ${told.length - at} more than there are`;
}

function columnsOf(table: TableSchema): State['columns'] {
  return new Map(
    table.columns.map(({ name, schema }) => [name, { form: schema.type, isLive: true }] as const),
  );
}

/** What may have become of it; none: it would still wait. */
function crossed(
  state: State,
  between: ReadonlySet<TableSchema>,
  to: TableSchema,
  change: Passage,
  answer: HoldAnswer | undefined,
): readonly State[] {
  const { settled } = state;
  const isCovered = settled !== null && between.isSubsetOf(settled.between);
  if (change.policy === 'hold') {
    const given = answer ?? (isCovered ? settled.answer : undefined);
    if (given === undefined) return [];
    const next = followed(state, to, change, given === 'reject');
    if (answer === undefined || isCovered) return [next];
    return [{ ...next, settled: { between, answer } }];
  }
  const own = followed(state, to, change, change.policy === 'lenient');
  // Whether an answer still holds depends on what waited, which is a matter of time.
  return isCovered ? [own, followed(state, to, change, settled.answer === 'reject')] : [own];
}

function followed(state: State, to: TableSchema, change: Passage, keeps: boolean): State {
  const columns = new Map(state.columns);
  const own = columnsOf(to);
  for (const name of change.dropped) {
    const column = columns.get(name);
    if (column === undefined) continue;
    if (keeps) columns.set(name, { ...column, isLive: false });
    else if (column.isLive) columns.delete(name);
  }
  const [before, after] = change.renamed ?? [];
  const renamed = before === undefined ? undefined : columns.get(before);
  if (before !== undefined && after !== undefined && renamed?.isLive === true) {
    columns.delete(before);
    columns.set(after, renamed);
  }
  for (const name of change.added) {
    const [place, fresh] = [columns.get(name), own.get(name)];
    if (fresh === undefined) throw new Error(`no column ${name}`);
    if (place !== undefined) {
      columns.set(name, { form: keeps ? place.form : fresh.form, isLive: true });
    } else if (!keeps) columns.set(name, fresh);
  }
  return { ...state, columns };
}

/** The state behind the record, if it is what comes of the row; else none. */
function expectedOf(
  state: State,
  table: TableSchema,
  id: number | null,
  order: number,
  record: ToldRecord | undefined,
): readonly State[] {
  if (record?.order !== order) return [];
  if (id === null) return record.after === null ? [state] : [];
  const kept = rowOf(state.columns, id);
  // A value without a form there: somebody let the table go on in its own shape.
  const columns = kept === null ? columnsOf(table) : state.columns;
  const row = kept ?? rowOf(columns, id);
  const { after } = record;
  const isRow =
    after !== null &&
    row !== null &&
    Object.keys(after).length === Object.keys(row).length &&
    Object.entries(row).every(([name, value]) => after[name] === value);
  return isRow ? [{ ...state, columns }] : [];
}

function rowOf(columns: State['columns'], id: number): Readonly<Record<string, unknown>> | null {
  const row: Record<string, unknown> = {};
  for (const [name, { form, isLive }] of columns) {
    const text = loggedText(name, id);
    const value = form === 'int32' ? Number(text) : text;
    if (isLive && Number.isNaN(value)) return null;
    row[name] = isLive ? value : null;
  }
  return row;
}
