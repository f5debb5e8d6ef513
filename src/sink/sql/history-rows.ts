import { hash } from 'node:crypto';
import type { ConnectSchema } from '../../model/connect-schema.ts';
import { valueAt } from '../../model/connect-schema.ts';
import { must } from '../../foundation/assert.ts';
import type { Struct } from '../../model/connect-schema.ts';
import type { SinkRecord } from '../../model/sink-record.ts';
import type { HistoryImage } from './history-columns.ts';
import { HISTORY_ABSENT, HISTORY_KEY, ownSchema } from './history-columns.ts';
import { changeOf, shapeOf, sourceField } from '../record-change.ts';
import type { PositionReader, RecordPosition } from './record-position.ts';
import { logPosition, positionReader } from './record-position.ts';
import type { AbsentValues, Cell, Cells, RowPlan } from './row-plan.ts';
import { ABSENT, encodeKey, encodeMarks, encodeRow, keyText } from './row-plan.ts';
import type { ColumnSet, TableModel } from './table-model.ts';

/** How records of a pair of schemas become rows of a history; made once for both. */
export interface HistoryPlan {
  readonly row: RowPlan;
  readonly position: PositionReader;
  /** Writes a text, or null, into one of our own columns. */
  readonly own: (name: string) => (cells: Cell[], text: string | null) => void;
  /** All columns of the table: what a row does not have is null, whatever the column's default. */
  readonly all: ColumnSet;
  /** What a row writes that has an image; a column that its schema lacks has its default. */
  readonly ofImage: ColumnSet;
  readonly names: readonly string[];
}

/** A row of a history, with the columns that it writes. */
export interface HistoryRow {
  readonly columns: ColumnSet;
  readonly cells: Cells;
}

/** What of a put has to be looked at again: the halves of a key change without the whole row. */
export interface MovedRow {
  readonly source: string;
  readonly position: string;
}

/** `value` is the schema of the records' values; null: they are tombstones. */
export function planHistory(
  model: TableModel,
  row: RowPlan,
  value: ConnectSchema | null,
): HistoryPlan {
  const setters = new Map(
    [...Object.values(HISTORY_KEY), HISTORY_ABSENT].map((name) => {
      const number = model.number(name);
      const encoder = model.encoder(ownSchema(name), number);
      const set = (cells: Cell[], text: string | null): void => {
        cells[number] = text === null ? null : encoder.encode(text);
      };
      return [name, set] as const;
    }),
  );
  const own = [...setters.keys()].map((name) => model.number(name));
  return {
    row,
    position: positionReader(value),
    own: (name) => must(setters.get(name), name),
    all: model.columnSet(model.table.columns.map((_, i) => i)),
    ofImage: model.columnSet([...new Set([...row.columns, ...own])]),
    names: model.table.columns.map(({ name }) => name),
  };
}

/** Makes rows of a history from records. */
export class HistoryRows {
  readonly #placeholder: AbsentValues;
  readonly #nowMicros: bigint;
  readonly rows: HistoryRow[] = [];
  /** By their text. */
  readonly moved = new Map<string, MovedRow>();

  constructor(placeholder: AbsentValues, nowMicros: bigint) {
    this.#placeholder = placeholder;
    this.#nowMicros = nowMicros;
  }

  /** Adds what a record tells; `isEnvelope`: tombstones of its topic repeat the delete before. */
  add(plan: HistoryPlan, record: SinkRecord, isEnvelope: boolean): void {
    const change = changeOf(record);
    switch (change.kind) {
      case 'skip':
        return;
      case 'truncate':
        this.#truncate(plan, record);
        return;
      case 'delete':
        if (record.value === null && isEnvelope) return;
        this.#delete(plan, record, change.before);
        return;
      case 'write':
        this.#write(plan, record, change.after, change.before);
    }
  }

  #truncate(plan: HistoryPlan, record: SinkRecord): void {
    const cells = this.#cells(plan, record, plan.row.blank.slice(), 'none', 't');
    const position = positionOf(plan, record);
    setPosition(plan, cells, position, digest(tableOf(record)));
    this.#push(plan.all, cells);
  }

  #delete(plan: HistoryPlan, record: SinkRecord, before: Struct | null): void {
    const row = before === null ? plan.row.blank.slice() : this.#image(plan, before, []);
    const key = plan.row.keyFromValue ? before : record.key;
    if (key !== null && !plan.row.keyFromLog) encodeKey(plan.row, key, row);
    const cells = this.#cells(plan, record, row, 'before', 'd');
    const position = this.#place(plan, record, cells);
    if (record.movedTo !== undefined) this.#move(position);
    this.#push(before === null ? plan.all : plan.ofImage, cells);
  }

  #write(plan: HistoryPlan, record: SinkRecord, after: Struct, before: Struct | null): void {
    const op = opOf(record);
    const isKeyed = plan.row.keyFields.length > 0;
    const earlier = before === null ? null : this.#image(plan, before, []);
    if (earlier !== null && op === 'u') {
      const old = withKey(plan, record, earlier.slice());
      const cells = this.#cells(plan, record, old, 'before', op);
      this.#place(plan, record, cells);
      this.#push(plan.ofImage, cells);
    }
    let row = this.#image(plan, after, record.absent);
    // Rows without key come with their whole before image, which has what was not sent again.
    if (!isKeyed && earlier !== null) {
      row = row.map((cell, i) => (cell === ABSENT ? earlier[i] : cell));
    }
    const isPartial = row.includes(ABSENT);
    const cells = this.#cells(plan, record, withKey(plan, record, row), 'after', op);
    const position = this.#place(plan, record, cells);
    if (isPartial && op === 'c') this.#move(position);
    this.#push(plan.ofImage, cells);
  }

  #image(plan: HistoryPlan, image: Struct, absent: readonly string[]): Cell[] {
    return encodeRow(plan.row, image, absent, this.#placeholder);
  }

  /** The row with what is told of the change; values that were not sent are null, and listed. */
  #cells(
    plan: HistoryPlan,
    record: SinkRecord,
    cells: Cell[],
    image: HistoryImage,
    op: string,
  ): Cell[] {
    const absent = plan.names.filter((_, i) => cells[i] === ABSENT);
    plan.own(HISTORY_ABSENT)(cells, absent.length === 0 ? null : JSON.stringify(absent));
    plan.own(HISTORY_KEY.op)(cells, op);
    plan.own(HISTORY_KEY.image)(cells, image);
    encodeMarks(plan.row, { record, isDelete: op === 'd', nowMicros: this.#nowMicros }, cells);
    return cells;
  }

  #place(plan: HistoryPlan, record: SinkRecord, cells: Cell[]): RecordPosition {
    const position = positionOf(plan, record);
    const isOne = position.isOfHeader && opOf(record) !== 'r';
    setPosition(plan, cells, position, isOne ? '' : digest(identityOf(plan, record, cells)));
    return position;
  }

  #move({ source, text }: RecordPosition): void {
    this.moved.set(`${source}\0${text}`, { source, position: text });
  }

  #push(columns: ColumnSet, cells: Cells): void {
    const isKnown = (cell: Cell): cell is string => typeof cell === 'string';
    this.rows.push({ columns, cells: cells.map((cell) => (isKnown(cell) ? cell : null)) });
  }
}

/** A key may have columns that the row has not: of headers, plain ones, what a transform made. */
function withKey({ row }: HistoryPlan, { key }: SinkRecord, cells: Cell[]): Cell[] {
  if (key !== null && !row.keyFromValue && !row.keyFromLog) encodeKey(row, key, cells);
  return cells;
}

/** A truncate that no record tells: a new generation of the topic begins without the older rows. */
export function generationRow(
  plan: HistoryPlan,
  place: { readonly source: string; readonly position: string },
  topic: { readonly topic: string; readonly generation: number },
): HistoryRow {
  const cells = plan.row.blank.slice();
  plan.own(HISTORY_KEY.source)(cells, place.source);
  plan.own(HISTORY_KEY.position)(cells, place.position);
  plan.own(HISTORY_KEY.op)(cells, 't');
  plan.own(HISTORY_KEY.image)(cells, 'none');
  plan.own(HISTORY_KEY.row)(cells, digest(`${topic.topic}\0${topic.generation}`));
  return { columns: plan.all, cells };
}

function setPosition(
  plan: HistoryPlan,
  cells: Cell[],
  { source, text }: RecordPosition,
  row: string,
): void {
  plan.own(HISTORY_KEY.source)(cells, source);
  plan.own(HISTORY_KEY.position)(cells, text);
  plan.own(HISTORY_KEY.row)(cells, row);
}

function positionOf(plan: HistoryPlan, record: SinkRecord): RecordPosition {
  return plan.position(record) ?? logPosition(record);
}

/** A flat record tells what the row is, not how it came to be. */
function opOf({ value }: SinkRecord): string {
  const shape = value === null ? null : shapeOf(value.schema);
  if (shape?.kind !== 'envelope') return value === null ? 'd' : 'w';
  const op = value === null ? null : valueAt(value, shape.op);
  return typeof op === 'string' ? op : 'w';
}

/**
 * What tells a row from others of its position: its table and key. Equal rows without key are told
 * apart by their places in the log only, so that none is lost; then a repeated one is kept, too.
 */
function identityOf(plan: HistoryPlan, record: SinkRecord, cells: Cells): string {
  if (plan.row.keyFields.length > 0) {
    return `${tableOf(record)}\0${keyText(plan.row.keyColumns, cells)}`;
  }
  return `${record.topic}\0${record.partition}\0${record.offset}`;
}

function tableOf({ value, topic }: SinkRecord): string {
  if (value === null) return topic;
  const names = ['db', 'schema', 'table'].map((name) => sourceField(value, name) ?? '');
  return names.some((name) => name !== '') ? names.join('\0') : topic;
}

function digest(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 32);
}
