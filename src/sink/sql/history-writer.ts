import type { TargetDialect } from '../../../dialects/dialect.ts';
import { systemClock } from '../../foundation/clock.ts';
import type { SinkRecord } from '../../model/sink-record.ts';
import type { WriterOptions } from './batch-writer.ts';
import { writeBulk } from './batch-writer.ts';
import type { ReadingOptions } from './field-reading.ts';
import { HISTORY_KEY } from './history-columns.ts';
import { absentQuery, completion } from './history-moves.ts';
import type { MovedRow } from './history-rows.ts';
import { generationRow, HistoryRows, planHistory } from './history-rows.ts';
import type { HistoryTable } from './history-table.ts';
import type { AbsentValues, Cells } from './row-plan.ts';
import { planRow } from './row-plan.ts';
import type { ColumnSet, TableModel } from './table-model.ts';
import type { TargetSession } from './target-session.ts';

/**
 * Appends changes to histories, inside the caller's transaction. A change that is there already is
 * left as it is: what an at-least-once source repeats vanishes (ruling 10).
 */
export class HistoryWriter {
  readonly #dialect: TargetDialect;
  readonly #options: WriterOptions;
  readonly #placeholder: AbsentValues;

  constructor(dialect: TargetDialect, options: WriterOptions, placeholder: AbsentValues) {
    this.#dialect = dialect;
    this.#options = options;
    this.#placeholder = placeholder;
  }

  /** Writes `records[from..to)` of one topic. */
  async write(
    session: TargetSession,
    history: HistoryTable,
    records: readonly SinkRecord[],
    from: number,
    to: number,
  ): Promise<void> {
    const { model } = history;
    if (model === null) return;
    const made = new HistoryRows(this.#placeholder, systemClock.nowMicros());
    for (let i = from; i < to; i++) {
      const record = records[i] as SinkRecord;
      const plan = history.planOf(record);
      if (plan !== null) made.add(plan, record, history.isEnvelope);
    }
    const groups = new Map<ColumnSet, Cells[]>();
    for (const { columns, cells } of made.rows) {
      const group = groups.get(columns);
      if (group === undefined) groups.set(columns, [cells]);
      else group.push(cells);
    }
    for (const [columns, rows] of groups) {
      await writeBulk(session, model, 'insertMissing', columns, rows, this.#options);
    }
    const key = history.rowKey;
    if (key.length === 0) return;
    for (const moved of made.moved.values()) await this.#complete(session, model, key, moved);
  }

  /**
   * A new generation of the topic: its rows come anew, and those that were there are gone. Its mark
   * stands behind all that is there, and before all that comes (a longer text follows its start).
   */
  async empty(
    session: TargetSession,
    history: HistoryTable,
    topic: { readonly topic: string; readonly generation: number },
  ): Promise<void> {
    const { model } = history;
    if (model === null) return;
    const [source, position] = [HISTORY_KEY.source, HISTORY_KEY.position].map((name) =>
      this.#dialect.quote(name),
    );
    const { rows } = await session.query(
      `SELECT ${source} AS source, MAX(${this.#dialect.byBytes(position ?? '')}) AS last_position
       FROM ${this.#dialect.qualify(model.name)} GROUP BY ${source}`,
    );
    const blank = planRow(model, null, null, NO_READING, { columns: [], value: null });
    const plan = planHistory(model, blank, null);
    const marks = rows.map((row) => {
      const last = String(row['last_position']).replace(/!$/, '');
      const place = { source: String(row['source']), position: `${last}!` };
      return generationRow(plan, place, topic).cells.map((cell) => cell ?? null);
    });
    await writeBulk(session, model, 'insertMissing', plan.all, marks, this.#options);
  }

  /**
   * The create half of a key change left values out: they are those of the row's last version under
   * its old key. The halves may come in either order, each looks for the other.
   */
  async #complete(
    session: TargetSession,
    model: TableModel,
    key: readonly string[],
    { source, position }: MovedRow,
  ): Promise<void> {
    const created = { table: model.name, key, source, position };
    const { rows } = await session.query(absentQuery(this.#dialect, created));
    const absent = rows[0]?.['absent'];
    if (typeof absent !== 'string') return;
    await session.query(completion(this.#dialect, created, JSON.parse(absent) as string[]));
  }
}

/** Without options on values: there are none. */
const NO_READING: ReadingOptions = {
  nullsAsDefaults: false,
  timestampFields: null,
  zones: { times: null, dates: null, zoned: null },
};
