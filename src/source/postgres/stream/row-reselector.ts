import {
  quoteIdentifier,
  quoteLiteral,
  quoteQualified,
} from '../../../../dialects/postgres/postgres-identifiers.ts';
import type { ReselectSetting } from '../../../config/post-processor-options.ts';
import type { Clock } from '../../../foundation/clock.ts';
import { must } from '../../../foundation/assert.ts';
import { TidemarkError, toTidemarkError } from '../../../foundation/errors.ts';
import type { RowChange } from '../../../model/change-event.ts';
import { RowImage, ValueKind } from '../../../model/row-image.ts';
import type { ColumnSchema, TableSchema } from '../../../model/table-schema.ts';
import { tableName } from '../../../model/table-schema.ts';
import type { Querier } from '../wire/catalog-session.ts';
import { untilVisible } from './commit-visibility.ts';

/** So many keys stand in one query at most. */
const KEYS_MAX = 500;

/** What is to be read again of the rows of one table version. */
interface ReselectPlan {
  readonly table: TableSchema;
  readonly key: readonly ColumnSchema[];
  readonly columns: readonly ColumnSchema[];
}

/** A row that cannot go out yet; `after` is replaced when its values are there. */
export interface WaitingRow {
  readonly change: RowChange;
}

/** What a reselector is made from. */
export interface RowReselectorParts {
  readonly setting: ReselectSetting;
  /** A connection of its own: the stream's is busy, and the catalog's must stay quick. */
  readonly connection: Querier & AsyncDisposable;
  readonly clock: Clock;
  readonly warn: (text: string) => void;
}

/**
 * Reads values of rows again that the server left out (unchanged TOAST) or sent as NULL, as the
 * table has them now. The texts are those that the stream would have sent, so that masks,
 * converters and formats see no difference.
 */
export class RowReselector implements AsyncDisposable {
  readonly #parts: RowReselectorParts;
  readonly #plans = new WeakMap<TableSchema, ReselectPlan | { readonly table: null }>();
  #last: { readonly table: TableSchema; readonly plan: ReselectPlan | null } | null = null;

  constructor(parts: RowReselectorParts) {
    this.#parts = parts;
  }

  /** Whether a value of the row has to be read again. Rows that a snapshot read never have one. */
  wants(change: RowChange): boolean {
    if (change.after === null || change.op === 'r') return false;
    const plan = this.#planOf(change.table);
    return plan !== null && plan.columns.some((column) => this.#isWanted(change, column));
  }

  /**
   * Fills in what the table has: one query for the rows of a table. What is not found stays as it
   * was. Throws only in the mode `fail`.
   */
  async fillIn(rows: readonly WaitingRow[], signal: AbortSignal): Promise<void> {
    const byTable = Map.groupBy(rows, ({ change }) => change.table);
    for (const [table, group] of byTable) {
      const plan = this.#planOf(table);
      if (plan === null) continue;
      const wanting = group.filter(({ change }) => this.wants(change));
      for (let at = 0; at < wanting.length; at += KEYS_MAX) {
        signal.throwIfAborted();
        await this.#fillBatch(plan, wanting.slice(at, at + KEYS_MAX), signal);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.connection[Symbol.asyncDispose]();
  }

  async #fillBatch(
    plan: ReselectPlan,
    rows: readonly WaitingRow[],
    signal: AbortSignal,
  ): Promise<void> {
    const keys = new Map<string, readonly string[]>();
    const wanted = new Set<ColumnSchema>();
    for (const row of rows) {
      const key = keyOf(plan, row);
      if (key === null) continue;
      keys.set(JSON.stringify(key), key);
      for (const column of plan.columns) if (this.#isWanted(row.change, column)) wanted.add(column);
    }
    if (keys.size === 0) return;
    const columns = [...wanted];
    const found = await this.#select({ ...plan, columns }, [...keys.values()], rows, signal);
    for (const row of rows) {
      const key = keyOf(plan, row);
      // Two rows of one key: neither is surely the one that changed.
      const [values, second] = key === null ? [] : (found.get(JSON.stringify(key)) ?? []);
      if (values === undefined || second !== undefined) continue;
      const texts = new Map<number, string | null>();
      columns.forEach((column, i) => {
        const value = values[i] ?? null;
        if (this.#isWanted(row.change, column)) texts.set(column.tupleIndex, value);
      });
      row.change.after = withTexts(must(row.change.after, 'a row that waits'), texts);
    }
  }

  /** Rows by key: the values of the plan's columns. */
  async #select(
    plan: ReselectPlan,
    keys: readonly (readonly string[])[],
    rows: readonly WaitingRow[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, (readonly (string | null)[])[]>> {
    const found = new Map<string, (readonly (string | null)[])[]>();
    const { connection, clock } = this.#parts;
    // A lock may hold up the query for hours; whoever stops does not wait for it.
    const cut = (): void => {
      connection[Symbol.asyncDispose]().then(undefined, () => undefined);
    };
    signal.addEventListener('abort', cut, { once: true });
    try {
      const ids = new Set(rows.flatMap(({ change }) => xidOf(change)));
      if (!(await untilVisible(connection, ids, clock, signal))) {
        throw new TidemarkError('PG_SERVER', 'a commit that streams has not become visible');
      }
      const [result] = await connection.query(selectByKeys(plan, keys));
      for (const row of result?.rows ?? []) {
        const key = JSON.stringify(row.slice(0, plan.key.length));
        const list = found.get(key) ?? [];
        found.set(key, list);
        list.push(row.slice(plan.key.length));
      }
    } catch (thrown) {
      signal.throwIfAborted();
      this.#failed(plan.table, toTidemarkError(thrown));
    } finally {
      signal.removeEventListener('abort', cut);
    }
    return found;
  }

  #failed(table: TableSchema, error: TidemarkError): void {
    const { setting, warn } = this.#parts;
    if (setting.onError === 'skip') return;
    const what = `${setting.name}: values of ${tableName(table.id)} could not be read again`;
    if (setting.onError === 'fail') {
      throw new TidemarkError('RESELECT_FAILED', `${what}: ${error.message}`, { cause: error });
    }
    warn(`${what}, its changes go out without them: ${error.message}`);
  }

  #isWanted({ before, beforeIsKeyOnly, after }: RowChange, column: ColumnSchema): boolean {
    const { setting } = this.#parts;
    const at = column.tupleIndex;
    const kind = after?.kinds[at];
    if (kind === ValueKind.null) return setting.nullValues;
    if (kind !== ValueKind.absent || !setting.unavailableValues) return false;
    // The old tuple may have what the new one leaves out (REPLICA IDENTITY FULL).
    const isKnown = before !== null && (!beforeIsKeyOnly || column.identity);
    return !isKnown || before.kinds[at] === ValueKind.absent;
  }

  #planOf(table: TableSchema): ReselectPlan | null {
    if (this.#last?.table === table) return this.#last.plan;
    const plan = this.#plans.get(table) ?? planOf(this.#parts.setting, table) ?? { table: null };
    this.#plans.set(table, plan);
    this.#last = { table, plan: plan.table === null ? null : plan };
    return this.#last.plan;
  }
}

/** Null: there is no column to be read again, or no key to find the row by. */
function planOf(setting: ReselectSetting, table: TableSchema): ReselectPlan | null {
  const indexes = setting.useEventKey
    ? table.keyColumns
    : (table.ownKeyColumns ?? table.keyColumns);
  const key = indexes.map((index) => must(table.columns[index], 'key column exists'));
  const columns = columnsOf(setting, table);
  return key.length === 0 || columns.length === 0 ? null : { table, key, columns };
}

function columnsOf(setting: ReselectSetting, table: TableSchema): readonly ColumnSchema[] {
  const { columnInclude, columnExclude } = setting;
  return table.columns.filter((column) => {
    // The original's form has a colon; lists of other properties have a point there.
    const names = [':', '.'].map((mark) => `${tableName(table.id)}${mark}${column.name}`);
    const matches = (list: readonly RegExp[]): boolean =>
      list.some((pattern) => names.some((name) => pattern.test(name)));
    if (columnInclude.length > 0) return matches(columnInclude);
    return !matches(columnExclude);
  });
}

/** What a setting does not do for these tables, as warnings. */
export function reselectWarnings(
  setting: ReselectSetting,
  tables: readonly TableSchema[],
): readonly string[] {
  const meant = tables.filter((table) => columnsOf(setting, table).length > 0);
  if (meant.length === 0) return [`${setting.name}: its lists name no column of a captured table`];
  const keyless = meant.filter((table) => planOf(setting, table) === null);
  if (keyless.length === 0) return [];
  const names = keyless.map(({ id }) => tableName(id)).join(', ');
  return [`${setting.name}: without a key nothing of these tables is read again: ${names}`];
}

/** Null: a part of the key is not known, or NULL, which no row is equal to. */
function keyOf(plan: ReselectPlan, { change }: WaitingRow): readonly string[] | null {
  const key: string[] = [];
  for (const { tupleIndex } of plan.key) {
    let text = change.after?.text(tupleIndex);
    // A key that is itself large and unchanged stands in the old tuple.
    if (text === undefined) text = change.before?.text(tupleIndex);
    if (text === null || text === undefined) return null;
    key.push(text);
  }
  return key;
}

/**
 * Literals without a cast take the type of their column, so that its index serves; and what comes
 * back is printed by the type's own output, as in the stream.
 */
function selectByKeys(plan: ReselectPlan, keys: readonly (readonly string[])[]): string {
  const { id } = plan.table;
  const list = (parts: readonly string[]): string =>
    parts.length === 1 ? (parts[0] ?? '') : `(${parts.join(', ')})`;
  const names = plan.key.map(({ name }) => quoteIdentifier(name));
  const values = keys.map((key) => list(key.map((text) => quoteLiteral(text))));
  const columns = plan.columns.map(({ name }) => quoteIdentifier(name));
  return (
    `SELECT ${[...names, ...columns].join(', ')} FROM ${quoteQualified(id.schema, id.table)} ` +
    `WHERE ${list(names)} IN (${values.join(', ')})`
  );
}

/** The row with other values at some places of its tuple. */
function withTexts(image: RowImage, texts: ReadonlyMap<number, string | null>): RowImage {
  const values = Array.from({ length: image.count }, (_, i) => {
    const replaced = texts.get(i);
    return replaced === undefined ? image.text(i) : replaced;
  });
  return RowImage.of(values);
}

function xidOf(change: RowChange): number | readonly never[] {
  return change.family === 'postgres' ? (change.transactionId ?? []) : [];
}
