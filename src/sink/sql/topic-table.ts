import type { TargetName } from '../../../dialects/dialect.ts';
import { must } from '../../foundation/assert.ts';
import { TidemarkError } from '../../foundation/errors.ts';
import type { ConnectSchema } from '../../model/connect-schema.ts';
import type { SinkRecord } from '../../model/sink-record.ts';
import { HistoryTable } from './history-table.ts';
import type { Poison } from '../parked-key.ts';
import { changeOf } from '../record-change.ts';
import type { RowPlan } from './row-plan.ts';
import { planRow } from './row-plan.ts';
import { isPermanent, toSinkError } from './sink-errors.ts';
import { shadowedTable, withShadows } from './shadow-columns.ts';
import type { TopicTarget } from './sink-state.ts';
import { TableModel } from './table-model.ts';
import type { TableParts } from './table-parts.ts';
import type { TargetSession } from './target-session.ts';
import type { RecordColumns } from './wanted-table.ts';
import { recordColumns, wantedChanges, wantedTable } from './wanted-table.ts';

/** How far the records of a topic can be written, and what stands against the next one. */
export interface Prepared {
  readonly limit: number;
  readonly error: TidemarkError | null;
  /** Records before it that the table refuses for their shape, where those are given away. */
  readonly refused: Poison;
}

/** What does not end the range that can be written; absent: everything does. */
export interface PrepareOptions {
  /** Records that could not be decoded: the caller takes them out. */
  readonly skipsFailed?: boolean;
  /** Records that the table refuses for their shape: the caller gives them away. */
  readonly givesAway?: boolean;
}

/** A pair of schemas: the tombstone's is its key's, twice. */
type SchemaPairs<T> = WeakMap<ConnectSchema, Map<ConnectSchema | null, T>>;

/** Whether the record says anything of a row. */
function hasRow(record: SinkRecord): boolean {
  const { kind } = changeOf(record);
  return kind !== 'skip' && kind !== 'truncate';
}

function outer(record: SinkRecord): ConnectSchema | null {
  return record.value?.schema ?? record.key?.schema ?? null;
}

/**
 * The table of one topic: made to fit the records' schemas before the transaction, then read and
 * compiled. DDL stands apart from the rows because it only widens: rows of the old schema fit too.
 */
export class TopicTable {
  readonly #parts: TableParts;
  /** Where the topic's records went until now, from the target's offsets. */
  #target: TargetName | null;
  #model: TableModel | null = null;
  #key: readonly string[] | null = null;
  /** Schemas that the target is known to fit. */
  #ensured: SchemaPairs<RecordColumns> = new WeakMap();
  /** Made for the model, so they go with it. */
  #plans: SchemaPairs<RowPlan> = new WeakMap();
  #isRead = false;
  /** Null: `write.mode=mirror`. */
  readonly history: HistoryTable | null;

  constructor(parts: TableParts, target: TargetName | null) {
    this.#parts = parts;
    this.#target = target;
    this.history = parts.options.writeMode === 'mirror' ? null : new HistoryTable(parts);
    if (target !== null) this.history?.adopt(target);
  }

  /** No other topic may write to its table. */
  get isAlone(): boolean {
    return this.#parts.options.tablePerTopic;
  }

  get target(): TargetName | null {
    return this.#target;
  }

  /** The table turned out to be another topic's: nothing of this one is in it. */
  giveUp(): void {
    this.#target = null;
    this.invalidate();
  }

  /** Another task of the sink has made the topic's table. */
  adopt(target: TargetName): void {
    this.#target ??= target;
    this.history?.adopt(target);
  }

  /** Null: the table does not exist, so there is nothing to delete either. */
  get model(): TableModel | null {
    return this.#model;
  }

  /** Forgets what is known of the target: it answered that it is otherwise (PITFALLS S20). */
  invalidate(): void {
    this.#model = null;
    this.#key = null;
    this.#isRead = false;
    this.#ensured = new WeakMap();
    this.history?.invalidate();
  }

  /** Makes the table fit the records, one after the other, as far as it goes. */
  async prepare(
    session: TargetSession,
    records: readonly SinkRecord[],
    { skipsFailed = false, givesAway = false }: PrepareOptions = {},
  ): Promise<Prepared> {
    const refused = new Map<number, TidemarkError>();
    const verdicts: SchemaPairs<TidemarkError> = new WeakMap();
    let prepared: Prepared = { limit: records.length, error: null, refused };
    let lastValue: ConnectSchema | null | undefined;
    let lastKey: ConnectSchema | null | undefined;
    for (let i = 0; i < records.length; i++) {
      const record = records[i] as SinkRecord;
      if (record.failure !== undefined) {
        if (skipsFailed) continue;
        prepared = { limit: i, error: record.failure.error, refused };
        break;
      }
      const value = outer(record);
      const key = record.key?.schema ?? null;
      if (value === lastValue && key === lastKey) continue;
      const verdict = await this.#verdict(session, record, value, key, verdicts);
      if (verdict === 'nothing') continue;
      if (verdict !== 'fits') {
        // Without a table nothing is stored, not even that the record was given away.
        if (givesAway && this.#target !== null) refused.set(i, verdict);
        else prepared = { limit: i, error: verdict, refused };
        if (prepared.error !== null) break;
        continue;
      }
      lastValue = value;
      lastKey = key;
    }
    await this.read(session);
    return prepared;
  }

  /** What the table says to a shape, asked once for all records of it. */
  async #verdict(
    session: TargetSession,
    record: SinkRecord,
    value: ConnectSchema | null,
    key: ConnectSchema | null,
    known: SchemaPairs<TidemarkError>,
  ): Promise<'fits' | 'nothing' | TidemarkError> {
    const before = value === null ? undefined : known.get(value)?.get(key);
    // A truncate has a shape as well, and wants nothing of the table.
    if (before !== undefined && hasRow(record)) return before;
    try {
      return (await this.#ensure(session, record, value, key)) ? 'fits' : 'nothing';
    } catch (thrown) {
      const error = toSinkError(thrown);
      if (!isPermanent(error)) throw error;
      if (value !== null) {
        const pairs = known.get(value) ?? new Map<ConnectSchema | null, TidemarkError>();
        pairs.set(key, error);
        known.set(value, pairs);
      }
      return error;
    }
  }

  /** Reads the table if that was not done since it last changed. */
  async read(session: TargetSession): Promise<void> {
    await this.history?.read(session);
    if (this.#isRead || this.#target === null || !this.#isMirrored) return;
    const table = await this.#parts.keeper.read(session, this.#target);
    this.#model =
      table === null ? null : new TableModel(this.#parts.dialect, table, this.#key ?? []);
    this.#plans = new WeakMap();
    this.#isRead = true;
  }

  /** The plan of a record that was prepared; null: there is no table to delete from. */
  planOf(record: SinkRecord): RowPlan | null {
    const model = this.#model;
    if (model === null) return null;
    const value = must(outer(record), 'a record with neither key nor value has no plan');
    const key = record.key?.schema ?? null;
    let plans = this.#plans.get(value);
    if (plans === undefined) {
      plans = new Map();
      this.#plans.set(value, plans);
    }
    let plan = plans.get(key);
    if (plan === undefined) {
      const columns = must(this.#ensured.get(value)?.get(key), 'the schemas were not prepared');
      const { options, changes: columnsOfChange } = this.#parts;
      const changes = { columns: columnsOfChange, value: record.value?.schema ?? null };
      plan = planRow(model, columns.row, columns.key, options, changes);
      plans.set(key, plan);
    }
    return plan;
  }

  /** False when the record has no row and therefore nothing to say about the table's shape. */
  async #ensure(
    session: TargetSession,
    record: SinkRecord,
    value: ConnectSchema | null,
    key: ConnectSchema | null,
  ): Promise<boolean> {
    if (value === null || !hasRow(record)) {
      if (changeOf(record).kind === 'truncate') {
        await this.#resolveTarget(session, record);
        await this.#ensureMarks(session);
      }
      return false;
    }
    if (this.#ensured.get(value)?.has(key) === true) return true;
    const target = await this.#resolveTarget(session, record);
    await this.history?.ensure(session, record);
    const { naming, options, dialect, keeper, changes } = this.#parts;
    let columns = recordColumns(record, naming, options);
    // Where keys are fields of rows a tombstone has none, which is no other key than before.
    const tellsKey = record.value !== null || options.primaryKeyMode !== 'record_value';
    if (target !== null && this.#isMirrored && tellsKey) {
      const plain = wantedTable(target, columns, dialect, options, changes);
      const identifier = (name: string): string => naming.identifier(name);
      const shadows = await keeper.shadows(session, plain, identifier);
      columns = withShadows(columns, shadows);
      const wanted = shadowedTable(plain, shadows);
      this.#checkKeyStays(wanted.key);
      if (options.deleteMode === 'soft' && wanted.key.length === 0) throw unmarkable(record);
      if (record.value !== null) {
        await keeper.ensure(session, wanted);
        this.#isRead = false;
      } else {
        await this.#checkTombstone(session, wanted.key);
        await this.#ensureMarks(session);
      }
      this.#key = wanted.key;
    }
    const pairs = this.#ensured.get(value) ?? new Map<ConnectSchema | null, RecordColumns>();
    pairs.set(key, columns);
    this.#ensured.set(value, pairs);
    return true;
  }

  get #isMirrored(): boolean {
    return this.#parts.options.writeMode !== 'history';
  }

  async #resolveTarget(session: TargetSession, record: SinkRecord): Promise<TargetName | null> {
    const named = this.#parts.naming.target(record);
    if (named === null) return this.#target;
    const known = this.#target;
    if (known === null) {
      // Before it is the topic's: a start that meets the other topic first must not turn it round.
      const { options, targets } = this.#parts;
      if (session.foldsNames || options.tablePerTopic) {
        const others = (await targets(session)).filter(({ topic }) => topic !== record.topic);
        if (session.foldsNames) this.#checkCase(named, others);
        if (options.tablePerTopic) this.#checkAlone(record, named, others);
      }
      this.#target = named;
      this.history?.adopt(named);
    } else if (known.schema !== named.schema || known.table !== named.table) {
      const { dialect } = this.#parts;
      throw new TidemarkError(
        'SINK_SCHEMA',
        `earlier records of ${record.topic} went to ${dialect.qualify(known)}, ` +
          `this one names ${dialect.qualify(named)}`,
        { cure: `Rename ${dialect.qualify(known)}, or go back to the old table.name.format.` },
      );
    }
    return named;
  }

  /** Rows of two tables would stand in one, and a key that both have be written over. */
  #checkCase(named: TargetName, others: readonly TopicTarget[]): void {
    const { dialect } = this.#parts;
    const exact = dialect.qualify(named);
    const folded = exact.toLowerCase();
    const other = others
      .map(({ target }) => dialect.qualify(target))
      .find((name) => name !== exact && name.toLowerCase() === folded);
    if (other === undefined) return;
    throw new TidemarkError(
      'SINK_SCHEMA',
      `${exact} and ${other} are one table in the target, which does not tell ` +
        'upper from lower case (in MySQL lower_case_table_names)',
      { cure: 'Leave one of them out (table.exclude.list, topics), or rename it in the source.' },
    );
  }

  /** Rows of two tables of one name, in two schemas, would stand in one. */
  #checkAlone({ topic }: SinkRecord, named: TargetName, others: readonly TopicTarget[]): void {
    if (!others.some(({ target }) => isSameTable(target, named))) return;
    const name = this.#parts.dialect.qualify(named);
    throw new TidemarkError('SINK_SCHEMA', `another topic than ${topic} goes to ${name} already`, {
      cure: 'Set table.name.format: ${source.schema}_${source.table}; it tells the tables apart.',
    });
  }

  #checkKeyStays(key: readonly string[]): void {
    const known = this.#key;
    if (known === null || known.join('\0') === key.join('\0')) return;
    const { dialect } = this.#parts;
    const table = this.#model?.table;
    const cure =
      table === undefined
        ? `Change the primary key of ${dialect.qualify(must(this.#target, 'target'))}.`
        : dialect.changePrimaryKey(table, key);
    const change = `from (${known.join(', ')}) to (${key.join(', ')})`;
    throw new TidemarkError('SINK_SCHEMA', `the key of the records changed ${change}`, { cure });
  }

  /** For what brings no row, and yet marks rows that are there: by this sink, or one before it. */
  async #ensureMarks(session: TargetSession): Promise<void> {
    const { options, changes, dialect, keeper } = this.#parts;
    const target = this.#target;
    if (options.deleteMode === 'hard' || target === null || !this.#isMirrored) return;
    const added = await keeper.addColumns(session, target, wantedChanges(target, changes, dialect));
    if (added) this.#isRead = false;
  }

  /** A tombstone does not make a table; one that is there must have the key's columns. */
  async #checkTombstone(session: TargetSession, key: readonly string[]): Promise<void> {
    await this.read(session);
    const model = this.#model;
    const missing = model === null ? [] : key.filter((column) => !model.has(column));
    if (missing.length === 0) {
      // The key may have become known only now.
      this.#isRead = false;
      return;
    }
    throw new TidemarkError('SINK_SCHEMA', `the table has no column ${missing.join(', ')}`, {
      cure: 'Correct the key of the source (message.key.columns), or the table.',
    });
  }
}

/** Whether both names are of one table. */
export function isSameTable(one: TargetName, other: TargetName): boolean {
  return one.schema === other.schema && one.table === other.table;
}

function unmarkable({ topic }: SinkRecord): TidemarkError {
  return new TidemarkError(
    'SINK_SCHEMA',
    `the records of ${topic} have no key, and delete.mode soft marks rows by theirs`,
    { cure: 'Give the table a key (message.key.columns of the source), or set delete.mode hard.' },
  );
}
