import type {
  ComparisonDialect,
  TargetColumn,
  TargetDialect,
  TargetTable as CatalogTable,
} from '../../dialects/dialect.ts';
import { must } from '../foundation/assert.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { ConnectSchema } from '../model/connect-schema.ts';
import type { SinkRecord } from '../model/sink-record.ts';
import { columnChunks } from '../sink/sql/batch-writer.ts';
import { DELETED } from '../sink/sql/change-columns.ts';
import { changeOf } from '../sink/record-change.ts';
import type { Cell, RowPlan } from '../sink/sql/row-plan.ts';
import { AbsentValues, encodeKey, encodeRow, planRow } from '../sink/sql/row-plan.ts';
import { shadowNames, withShadows } from '../sink/sql/shadow-columns.ts';
import { SinkState } from '../sink/sql/sink-state.ts';
import type { SqlSinkOptions } from '../sink/sql/sql-sink-options.ts';
import { TableEvolution } from '../sink/sql/table-evolution.ts';
import { TableModel } from '../sink/sql/table-model.ts';
import { TableNaming } from '../sink/sql/table-naming.ts';
import type { TargetSession } from '../sink/sql/target-session.ts';
import type { RecordColumns } from '../sink/sql/wanted-table.ts';
import { recordColumns, wantedTable } from '../sink/sql/wanted-table.ts';
import { areOrderedAlike } from './key-order.ts';
import { SqlComparison, STAGE } from './sql-comparison.ts';
import type {
  CompareScope,
  KeyDifference,
  KeyTexts,
  LogPositions,
  TargetTable,
} from './verify-ports.ts';
import { notCompared } from './not-compared.ts';

const NUMBER_SCHEMA = { type: 'int64', optional: false } as const;

/** What a comparison is made with: the sink's own options, and a session that is not the sink's. */
export interface SqlTargetParts {
  readonly session: TargetSession;
  readonly dialect: TargetDialect;
  readonly options: SqlSinkOptions;
}

/**
 * A table of a SQL target. The rows that the sink would write are put into a table of the session,
 * whose columns have the types of the target's, by the sink's own statements; then the target
 * compares. So what a type keeps of a value (digits, time zones, the order of keys in JSON) never
 * makes two rows differ, and nothing has to know how a product prints it.
 */
export class SqlTargetTable implements TargetTable {
  readonly isAtomic = true;
  readonly keyFields: readonly string[];
  readonly keyColumns: readonly string[];
  readonly #parts: SqlTargetParts;
  readonly #topic: string;
  readonly #table: CatalogTable;
  /** Of the session's table: the columns of the target's, and the number of the row. */
  readonly #model: TableModel;
  readonly #columns: readonly number[];
  readonly #number: number;
  readonly #naming: TableNaming;
  readonly #placeholder: AbsentValues;
  readonly #state: SinkState;
  readonly #shadows: ReadonlyMap<string, string>;
  readonly #plans = new WeakMap<ConnectSchema, Map<ConnectSchema | null, RowPlan>>();
  readonly isOrdered: boolean;
  readonly #sql: SqlComparison;
  /** The last key that was compared; null: none was. */
  #after: KeyTexts | null = null;

  private constructor(
    parts: SqlTargetParts,
    comparison: ComparisonDialect,
    table: CatalogTable,
    sample: SinkRecord,
    shadows: ReadonlyMap<string, string>,
  ) {
    const { dialect, options } = parts;
    this.#parts = parts;
    this.#table = table;
    this.#topic = sample.topic;
    this.#shadows = shadows;
    this.#naming = new TableNaming(options, dialect.identifierMax);
    this.#placeholder = new AbsentValues(options.unavailableValuePlaceholder);
    this.#state = new SinkState(dialect, options.name, options.offsetsSchema);
    this.#number = table.columns.length;
    const columns = [...table.columns, numberColumn(dialect)];
    const staged = {
      ...table,
      name: comparison.session(STAGE, table.name),
      columns,
      primaryKey: [],
    };
    this.#model = new TableModel(dialect, staged, []);
    const plan = this.#planOf(sample);
    this.#columns = plan.ownColumns;
    this.keyFields = plan.keyFields.map(({ name }) => name);
    const columnsOf = (numbers: readonly number[]): TargetColumn[] =>
      numbers.map((number) => must(columns[number], 'column'));
    const key = columnsOf(plan.keyFields.map(({ column }) => column));
    this.keyColumns = key.map(({ name }) => name);
    const compared = { dialect, comparison, table, columns: columnsOf(this.#columns), key };
    this.#sql = new SqlComparison({ ...compared, live: this.#live() });
    this.isOrdered = areOrderedAlike(must(plan.keySchema, 'a key'), this.keyFields);
  }

  /** Throws SINK_SCHEMA where the table is not as the records want it, CONFIG_UNSUPPORTED. */
  static async open(parts: SqlTargetParts, sample: SinkRecord): Promise<SqlTargetTable> {
    const { session, dialect, options } = parts;
    const { comparison } = dialect;
    if (comparison === undefined) throw notCompared(`targets of ${dialect.name}`);
    if (options.writeMode === 'history') throw notCompared('write.mode history');
    if (options.primaryKeyMode === 'kafka') throw notCompared('a key that is the place in the log');
    const naming = new TableNaming(options, dialect.identifierMax);
    const name = must(naming.target(sample), 'a row names its table');
    const columns = recordColumns(sample, naming, options);
    if (columns.key === null) throw notCompared('a table without a key');
    const wanted = wantedTable(name, columns, dialect, options, []);
    const { rows } = await session.query(dialect.tableQuery(name));
    const table = dialect.readTable(name, rows);
    if (table === null) {
      throw new TidemarkError('SINK_SCHEMA', `${dialect.qualify(name)} does not exist`, {
        cure: 'The sink makes it with the first record: let the pipeline run first.',
      });
    }
    const tables = new TableEvolution(dialect, options.schemaEvolution);
    const identifier = (text: string): string => naming.identifier(text);
    const isShadowed = options.schemaEvolution.policy === 'shadow';
    const shadows = isShadowed
      ? shadowNames(table, wanted, tables, identifier)
      : new Map<string, string>();
    checkColumns(dialect, table, withShadows(columns, shadows));
    return new SqlTargetTable(parts, comparison, table, sample, shadows);
  }

  get name(): string {
    return this.#parts.dialect.qualify(this.#table.name);
  }

  async begin(): Promise<void> {
    this.#after = null;
    for (const statement of this.#sql.preparation()) await this.#query(statement);
  }

  async compare(
    records: readonly SinkRecord[],
    scope: CompareScope,
  ): Promise<readonly KeyDifference[]> {
    const sql = this.#sql;
    await this.#stage(records, this.#columns, (record) => this.#rowCells(record));
    const withValues = scope.kind === 'keys';
    const unequal = await this.#query(sql.unequal(withValues));
    const found = unequal.rows.map((row) => sql.unequalIn(row, withValues));
    const where = await this.#surplusWhere(scope);
    if (where === null) return found;
    const isWhole = scope.kind === 'next' && !this.isOrdered;
    const { rows } = await this.#query(sql.surplus(where, isWhole ? 'kept' : 'staged'));
    const surplus = rows.map((row): KeyDifference => {
      return { kind: 'surplus', key: sql.keyIn(row), row: null, columns: [] };
    });
    return [...found, ...surplus];
  }

  async keysOf(records: readonly SinkRecord[]): Promise<readonly KeyTexts[] | null> {
    if (records.some((record) => changeOf(record).kind === 'truncate')) return null;
    const keyed = records.flatMap((record) => {
      const key = this.#keyOf(record);
      if (key === null) return [];
      const { movedTo } = record;
      const plan = this.#planOf(record);
      // What a key change takes along stands under the other key before its record comes.
      const keys = movedTo === undefined || plan.keyFromValue ? [key] : [key, movedTo];
      return keys.map((one) => ({ plan, key: one }));
    });
    const numbers = this.keyColumns.map((name) => this.#model.number(name));
    await this.#stage(keyed, numbers, ({ plan, key }) => {
      const cells = plan.blank.slice();
      encodeKey(plan, key, cells);
      return cells;
    });
    const { rows } = await this.#query(this.#sql.keys());
    return rows.map((row) => this.#sql.keyIn(row));
  }

  async applied(): Promise<LogPositions> {
    const positions = await this.#state.positions(this.#parts.session);
    return new Map(
      positions
        .filter(({ topic }) => topic === this.#topic)
        .map(({ partition, offset }) => [partition, offset]),
    );
  }

  /** The key of the row that a record is about; null: it is about none. */
  #keyOf(record: SinkRecord): SinkRecord['key'] {
    const change = changeOf(record);
    if (change.kind !== 'write' && change.kind !== 'delete') return null;
    if (!this.#planOf(record).keyFromValue) return record.key;
    return change.kind === 'write' ? change.after : change.before;
  }

  #rowCells(record: SinkRecord): Cell[] {
    const plan = this.#planOf(record);
    const change = changeOf(record);
    if (change.kind !== 'write') throw notCompared('a row that becomes no row of the target');
    const cells = encodeRow(plan, change.after, record.absent, this.#placeholder);
    encodeKey(plan, plan.keyFromValue ? change.after : must(record.key, 'a key'), cells);
    return cells;
  }

  /** Replaces what is in the session's table. */
  async #stage<T>(
    records: readonly T[],
    columns: readonly number[],
    cellsOf: (record: T) => Cell[],
  ): Promise<void> {
    const { session, options } = this.#parts;
    const model = this.#model;
    const encoder = model.encoder(NUMBER_SCHEMA, this.#number);
    const rows = records.map((record, i) => {
      const cells = cellsOf(record);
      cells[this.#number] = encoder.encode(BigInt(i));
      return cells;
    });
    await this.#query(this.#sql.emptying());
    const set = model.columnSet([...columns, this.#number]);
    const batchBytes = Math.min(options.batchBytes, session.statementBytesMax / 4);
    const batchRows = Math.min(options.batchRows, session.statementRowsMax ?? Infinity);
    for (const chunk of columnChunks(set, rows, { batchRows, batchBytes })) {
      await session.query(model.statement('insert', set).bind(chunk.columns));
    }
  }

  /** The target's rows among which surplus ones are looked for; null: among none. */
  async #surplusWhere(scope: CompareScope): Promise<string | null> {
    if (scope.kind === 'keys') return this.#sql.among(scope.keys);
    if (scope.kind === 'next') return this.#range(scope.isLast);
    const first = this.isOrdered ? await this.#edgeKey('ASC') : null;
    const last = this.isOrdered ? await this.#edgeKey('DESC') : null;
    if (first === null || last === null) return null;
    return `${this.#sql.bound('>=', first)} AND ${this.#sql.bound('<=', last)}`;
  }

  /** Null: nothing is staged. */
  async #edgeKey(direction: 'ASC' | 'DESC'): Promise<KeyTexts | null> {
    const [row] = (await this.#query(this.#sql.edgeKey(direction))).rows;
    return row === undefined ? null : this.#sql.keyIn(row);
  }

  /** The target's rows up to the last one that is staged; null: none are to be looked at. */
  async #range(isLast: boolean): Promise<string | null> {
    if (!this.isOrdered) {
      // Keys that the target orders otherwise are compared at the end.
      await this.#query(this.#sql.keep());
      return isLast ? '1 = 1' : null;
    }
    const upTo = await this.#edgeKey('DESC');
    const parts = this.#after === null ? [] : [this.#sql.bound('>', this.#after)];
    if (!isLast) {
      if (upTo === null) return null;
      parts.push(this.#sql.bound('<=', upTo));
    }
    this.#after = upTo ?? this.#after;
    return parts.length === 0 ? '1 = 1' : parts.join(' AND ');
  }

  /** A row that is marked as deleted is none. */
  #live(): string {
    const { options, dialect } = this.#parts;
    if (options.deleteMode !== 'soft' || !this.#model.has(DELETED.name)) return '';
    const number = this.#model.number(DELETED.name);
    const deleted = `t.${dialect.quote(DELETED.name)}`;
    const no = this.#model.encoder(DELETED.schema, number).encode(false) ?? '';
    return ` AND (${deleted} IS NULL OR ${deleted} = ${dialect.literal(no)})`;
  }

  #query(sql: string): ReturnType<TargetSession['query']> {
    return this.#parts.session.query(sql);
  }

  #planOf(record: SinkRecord): RowPlan {
    const outer = must(record.value?.schema ?? record.key?.schema, 'a record with a schema');
    const key = record.key?.schema ?? null;
    const plans = this.#plans.get(outer) ?? new Map<ConnectSchema | null, RowPlan>();
    this.#plans.set(outer, plans);
    let plan = plans.get(key);
    if (plan === undefined) {
      const { options } = this.#parts;
      const columns = withShadows(recordColumns(record, this.#naming, options), this.#shadows);
      // What the change is told by differs from read to read.
      const changes = { columns: [], value: record.value?.schema ?? null };
      plan = planRow(this.#model, columns.row, columns.key, options, changes);
      plans.set(key, plan);
    }
    return plan;
  }
}

function numberColumn(dialect: TargetDialect): TargetColumn {
  const name = { schema: '', table: STAGE };
  const type = dialect.columnType(NUMBER_SCHEMA, name, 0).ddl;
  return {
    name: 'tidemark_row',
    type,
    castType: type,
    isArray: false,
    notNull: false,
    hasDefault: false,
    generated: false,
    identityAlways: false,
  };
}

function checkColumns(
  dialect: TargetDialect,
  { name, columns: present }: CatalogTable,
  { row, key }: RecordColumns,
): void {
  const names = new Set(present.map((column) => column.name));
  const wanted = [...(row?.names ?? []), ...(key?.names ?? [])].map(({ column }) => column);
  const missing = [...new Set(wanted.filter((column) => !names.has(column)))];
  if (missing.length === 0) return;
  const what = `${dialect.qualify(name)} has no column ${missing.join(', ')}`;
  throw new TidemarkError('SINK_SCHEMA', what, {
    cure: 'The sink adds it with the first record that has it: snapshot the table anew.',
  });
}
