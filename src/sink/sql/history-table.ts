import type { TargetDialect, TargetName, TargetTable } from '../../../dialects/dialect.ts';
import type { ConnectSchema } from '../../model/connect-schema.ts';
import type { SinkRecord } from '../../model/sink-record.ts';
import { HISTORY_METADATA, HISTORY_OWN_COLUMNS } from './history-columns.ts';
import type { HistoryPlan } from './history-rows.ts';
import { planHistory } from './history-rows.ts';
import type { HistoryNames, WantedHistory } from './history-wanted.ts';
import { historyColumns, historyNames, wantedHistory } from './history-wanted.ts';
import type { HistoryShape } from './history-views.ts';
import { currentQuery, versionsQuery } from './history-views.ts';
import { shapeOf } from '../record-change.ts';
import { planRow } from './row-plan.ts';
import { isPermanent, toSinkError } from './sink-errors.ts';
import { underDdlLock } from './sink-tables.ts';
import { TableEvolution } from './table-evolution.ts';
import { TableModel } from './table-model.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';
import type { TableNaming } from './table-naming.ts';
import type { TableParts } from './table-parts.ts';
import type { TargetSession } from './target-session.ts';
import type { RecordColumns } from './wanted-table.ts';

type BySchemas<T> = WeakMap<ConnectSchema, Map<ConnectSchema | null, T>>;

/**
 * The history of one topic's changes: an append-only table, and the views of what was when. Like
 * `TopicTable`, which tells it what comes, it is made to fit before the transaction.
 *
 * Nothing that is in a history is ever changed in meaning. A column is widened where every value
 * stays what it is; else what its source has become goes into a column beside it (`x__2`).
 */
export class HistoryTable {
  readonly #parts: TableParts;
  #names: HistoryNames | null = null;
  #model: TableModel | null = null;
  #isRead = false;
  #ensured: BySchemas<RecordColumns> = new WeakMap();
  #plans: BySchemas<HistoryPlan> = new WeakMap();
  /** Columns of the key, with those that took their place; null: no record has told them. */
  #key: readonly string[] | null = null;
  /** Whether records are envelopes, whose tombstones say nothing new; null: not known. */
  #isEnvelope: boolean | null = null;

  constructor(parts: TableParts) {
    this.#parts = parts;
  }

  get name(): TargetName | null {
    return this.#names?.table ?? null;
  }

  /** Null: the table does not exist. */
  get model(): TableModel | null {
    return this.#model;
  }

  /** Columns that tell rows of the source apart; empty: none, or not known. */
  get rowKey(): readonly string[] {
    return this.#key ?? [];
  }

  get isEnvelope(): boolean {
    return this.#isEnvelope === true;
  }

  /** Forgets what is known of the target. */
  invalidate(): void {
    this.#model = null;
    this.#isRead = false;
    this.#ensured = new WeakMap();
  }

  /** The mirror's name is known: so is that of the history. */
  adopt(mirror: TargetName): void {
    const { naming, options } = this.#parts;
    this.#names ??= historyNames(mirror, naming, options.historyNameFormat);
  }

  /** Makes the table and its views fit the schemas of a record that has a row or a key. */
  async ensure(session: TargetSession, record: SinkRecord): Promise<void> {
    const names = this.#names;
    const outer = record.value?.schema ?? record.key?.schema;
    if (names === null || outer === undefined) return;
    const key = record.key?.schema ?? null;
    if (record.value !== null) this.#isEnvelope = shapeOf(record.value.schema).kind === 'envelope';
    if (this.#ensured.get(outer)?.has(key) === true) return;
    const { dialect, naming, options, keeper } = this.#parts;
    const wantedColumns = historyColumns(record, naming, options);
    let table = await keeper.read(session, names.table);
    // A tombstone makes no table: nothing is known of the rows.
    if (record.value === null && table === null) return;
    const { wanted, columns } = wantedHistory(names.table, wantedColumns, table, dialect, options);
    if (record.value !== null) {
      table = await this.#evolve(session, names, table, wanted);
      this.#key = wanted.keyColumns;
      await this.#ensureViews(session, names, table);
    }
    this.#isRead = false;
    const pairs = this.#ensured.get(outer) ?? new Map<ConnectSchema | null, RecordColumns>();
    pairs.set(key, columns);
    this.#ensured.set(outer, pairs);
  }

  /** Reads the table if that was not done since it last changed. */
  async read(session: TargetSession): Promise<void> {
    const names = this.#names;
    if (this.#isRead || names === null) return;
    const { keeper, dialect } = this.#parts;
    const table = await keeper.read(session, names.table);
    this.#model = table === null ? null : new TableModel(dialect, table, table.primaryKey);
    this.#plans = new WeakMap();
    this.#isRead = true;
    if (this.#isEnvelope === null && table !== null) await this.#askForEnvelopes(session, names);
  }

  /** How a record's changes are written; null: there is no table. */
  planOf(record: SinkRecord): HistoryPlan | null {
    const model = this.#model;
    const outer = record.value?.schema ?? record.key?.schema;
    if (model === null || outer === undefined) return null;
    const key = record.key?.schema ?? null;
    let plans = this.#plans.get(outer);
    if (plans === undefined) {
      plans = new Map();
      this.#plans.set(outer, plans);
    }
    let plan = plans.get(key);
    if (plan === undefined) {
      const columns = this.#ensured.get(outer)?.get(key) ?? { row: null, key: null };
      const value = record.value?.schema ?? null;
      const changes = { columns: HISTORY_METADATA, value };
      const row = planRow(model, columns.row, columns.key, this.#parts.options, changes);
      plan = planHistory(model, row, value);
      plans.set(key, plan);
    }
    return plan;
  }

  async #evolve(
    session: TargetSession,
    { table: name, views }: HistoryNames,
    table: TargetTable | null,
    wanted: WantedHistory,
  ): Promise<TargetTable> {
    const { dialect, keeper, options } = this.#parts;
    if (table !== null) {
      const evolution = new TableEvolution(dialect, options.schemaEvolution);
      evolution.check(table, wanted);
      // A view that shows a column keeps it from getting another type in most products.
      if (evolution.differences(table, wanted).some(({ widens }) => widens.length > 0)) {
        await underDdlLock(session, dialect, async () => {
          for (const view of [views.current, views.versions]) {
            await session.query(`DROP VIEW IF EXISTS ${dialect.qualify(view)}`);
          }
        });
      }
    }
    const made = await keeper.ensure(session, wanted);
    if (table === null && wanted.keyColumns.length > 0) {
      const index = this.#parts.naming.identifier(`${name.table}_key`);
      await this.#tryIndex(session, dialect.createIndex(name, index, wanted.keyColumns));
    }
    return made;
  }

  /** Only the speed of questions for one row depends on it. */
  async #tryIndex(session: TargetSession, statement: string): Promise<void> {
    try {
      await session.query(statement);
    } catch (thrown) {
      if (!isPermanent(toSinkError(thrown))) throw thrown;
    }
  }

  /** The views are made where they are missing, or lack a column. */
  async #ensureViews(
    session: TargetSession,
    names: HistoryNames,
    table: TargetTable,
  ): Promise<void> {
    const { dialect, keeper, options } = this.#parts;
    const shape = shapeOfHistory(table, this.#key ?? []);
    if (!options.schemaEvolution.create) return;
    const columns = shape.columns.map((name) => dialect.quote(name)).join(', ');
    const probe = `SELECT ${columns} FROM ${dialect.qualify(names.views.current)} WHERE 1 = 0`;
    if (await answers(session, probe)) return;
    const statements = viewStatements(dialect, names, shape);
    await underDdlLock(session, dialect, async () => {
      for (const statement of statements) {
        keeper.tell(statement, `the views of ${dialect.qualify(names.table)} are made`);
        await session.query(statement);
      }
    });
  }

  /** Behind a restart a tombstone may come first: what is there tells if it means something. */
  async #askForEnvelopes(session: TargetSession, names: HistoryNames): Promise<void> {
    const { dialect } = this.#parts;
    const { rows } = await session.query(
      `SELECT _cdc_op AS op FROM ${dialect.qualify(names.table)} WHERE _cdc_op <> 'd' LIMIT 1`,
    );
    const op = rows[0]?.['op'];
    if (op !== undefined) this.#isEnvelope = op !== 'w';
  }
}

/** Whether a statement that reads nothing can be run. */
async function answers(session: TargetSession, statement: string): Promise<boolean> {
  try {
    await session.query(statement);
    return true;
  } catch (thrown) {
    if (!isPermanent(toSinkError(thrown))) throw thrown;
    return false;
  }
}

function shapeOfHistory(table: TargetTable, key: readonly string[]): HistoryShape {
  const own = new Set(HISTORY_OWN_COLUMNS);
  const columns = table.columns.map(({ name }) => name).filter((name) => !own.has(name));
  return { table: table.name, columns, key };
}

/** The statements that make the views of a history. */
function viewStatements(
  dialect: TargetDialect,
  { views }: HistoryNames,
  shape: HistoryShape,
): readonly string[] {
  return [
    ...dialect.createView(views.versions, versionsQuery(dialect, shape)),
    ...dialect.createView(views.current, currentQuery(dialect, shape, views.versions)),
  ];
}

/** What `plan` shows of the history of a table with such records, where nothing is there yet. */
export function plannedHistory(
  mirror: TargetName,
  record: SinkRecord,
  naming: TableNaming,
  dialect: TargetDialect,
  options: SqlSinkOptions,
  existing: TargetTable | null,
): { readonly table: WantedHistory; readonly views: readonly string[] } {
  const names = historyNames(mirror, naming, options.historyNameFormat);
  const columns = historyColumns(record, naming, options);
  const { wanted } = wantedHistory(names.table, columns, existing, dialect, options);
  const own = new Set(HISTORY_OWN_COLUMNS);
  const ofSource = wanted.columns.map(({ name }) => name).filter((name) => !own.has(name));
  const shape = { table: names.table, columns: ofSource, key: wanted.keyColumns };
  return { table: wanted, views: viewStatements(dialect, names, shape) };
}
