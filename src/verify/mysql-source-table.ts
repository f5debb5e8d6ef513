import type { ColumnDefinition } from '../../dialects/mysql/ddl/table-definition.ts';
import { must } from '../foundation/assert.ts';
import type { Clock } from '../foundation/clock.ts';
import type { RowChange } from '../model/change-event.ts';
import { RowImage } from '../model/row-image.ts';
import type { SinkRecord } from '../model/sink-record.ts';
import { tableName } from '../model/table-schema.ts';
import { keyImage, rowKeyOf } from '../source/incremental/row-key.ts';
import type { CapturedTable } from '../source/mysql/capture/captured-tables.ts';
import { snapshotChange } from '../source/mysql/incremental/chunk-handover.ts';
import type { WindowChunk } from '../source/mysql/incremental/chunk-query.ts';
import { keyBehindQuery, windowQuery } from '../source/mysql/incremental/chunk-query.ts';
import type { ChunkReader, ReadChunk } from '../source/mysql/incremental/chunk-reader.ts';
import { shownText, storedText } from '../source/mysql/incremental/key-texts.ts';
import type { TableReading } from '../source/mysql/incremental/table-reading.ts';
import type { LogSpot } from '../source/mysql/stream/stream-watches.ts';
import { readTextRow } from '../source/mysql/wire/text-row.ts';
import { readHalves } from './halved-reading.ts';
import type { KeyTexts, SourceFence, SourceRows, SourceTable } from './verify-ports.ts';

const WHOLE = { condition: null, statement: null };

/** What a table of MySQL or MariaDB is read with. */
export interface MysqlSourceParts {
  readonly captured: CapturedTable;
  readonly topic: string;
  /** The columns that are the key in the target, and the order of rows. */
  readonly key: readonly ColumnDefinition[];
  readonly estimatedRows: number;
  readonly reader: ChunkReader;
  readonly clock: Clock;
  /** What the sink would be handed for a row; null: nothing. */
  readonly recordOf: (row: RowChange) => SinkRecord | null;
}

/**
 * A table of MySQL or MariaDB, in chunks by its key. Keys that are looked at are read with shared
 * locks, which wait for whoever has changed them and is not visible yet: a group may stand in the
 * binlog, and in the target, before (semi-synchronous replicas). So there is nothing to settle.
 */
export class MysqlSourceTable implements SourceTable {
  readonly name: string;
  readonly topic: string;
  readonly keyColumns: readonly string[];
  readonly estimatedRows: number;
  readonly #parts: MysqlSourceParts;
  readonly #reading: TableReading;

  constructor(parts: MysqlSourceParts) {
    const { captured, topic, key } = parts;
    const { definition, schema } = captured;
    this.#parts = parts;
    this.topic = topic;
    this.name = tableName(schema.id);
    this.keyColumns = key.map(({ name }) => name);
    this.estimatedRows = parts.estimatedRows;
    const keyIndexes = key.map((column) => definition.columns.indexOf(column));
    this.#reading = { definition, schema, key, keyIndexes, order: key };
  }

  async readChunk(after: KeyTexts | null, limit: number, signal: AbortSignal): Promise<SourceRows> {
    const rows = await this.#read({ kind: 'keys', after, upTo: null, limit }, false, signal);
    return { ...rows, more: rows.more || rows.read === limit };
  }

  async keyBehind(
    after: KeyTexts | null,
    rows: number,
    signal: AbortSignal,
  ): Promise<KeyTexts | null> {
    const wire = await this.#parts.reader.wire(signal);
    const found = await wire.query(keyBehindQuery(this.#reading, after, rows), signal);
    return found.rows[0]?.map((text) => text ?? '') ?? null;
  }

  async readKeys(keys: readonly KeyTexts[], signal: AbortSignal): Promise<SourceRows> {
    const rowKeys = keys.map((texts) => this.#rowKey(texts));
    const rows = await this.#read({ kind: 'reread', keys: rowKeys }, true, signal);
    return readHalves(rows, keys, (some) => this.readKeys(some, signal));
  }

  deletion(key: KeyTexts): SinkRecord | null {
    const { captured, clock, recordOf } = this.#parts;
    const { keyIndexes } = this.#reading;
    const count = captured.definition.columns.length;
    const change = snapshotChange(captured.schema, { file: '', pos: 0 }, clock);
    const before = keyImage(this.#rowKey(key), keyIndexes, count, 'latin1');
    return recordOf({ ...change, op: 'd', before });
  }

  #rowKey(texts: KeyTexts): string {
    const { key } = this.#parts;
    return rowKeyOf(key.map((column, i) => storedText(column, texts[i] ?? '')));
  }

  settle(): Promise<void> {
    return Promise.resolve();
  }

  async #read(chunk: WindowChunk, locks: boolean, signal: AbortSignal): Promise<SourceRows> {
    const query = windowQuery(chunk, this.#reading, WHOLE);
    // A statement is a transaction: locks go with it.
    return this.#rowsOf(await this.#parts.reader.read(query, locks, signal));
  }

  #rowsOf({ rows, until }: ReadChunk): SourceRows {
    const { recordOf, clock, captured } = this.#parts;
    const { order, keyIndexes } = this.#reading;
    const image = new RowImage();
    const change = snapshotChange(captured.schema, until, clock);
    change.after = image;
    const columns = captured.definition.columns.length;
    const records: SinkRecord[] = [];
    const keys: KeyTexts[] = [];
    let lastKey: KeyTexts | null = null;
    for (let i = 0; i < rows.count; i++) {
      readTextRow(rows.bytes, rows.start(i), rows.end(i), image, columns + order.length);
      // The order stands behind the row, once as it is compared.
      lastKey = order.map((_, n) => must(image.text(columns + n), 'a value of the order'));
      image.count = columns;
      const record = recordOf(change);
      if (record === null) continue;
      records.push(record);
      keys.push(order.map((column, n) => shownText(column, image, must(keyIndexes[n], 'key'))));
    }
    return { records, keys, read: rows.count, lastKey, more: rows.cut, fence: fenceAt(until) };
  }
}

/** Files of a binlog are numbered, in more digits once six are used up. */
function fenceAt({ file, pos }: LogSpot): SourceFence {
  const number = (name: string): number => Number(/\.(\d+)$/.exec(name)?.[1] ?? 0);
  return {
    text: `${file}:${pos}`,
    isBehind(stored) {
      const place = stored['tidemark.place'];
      const match = typeof place === 'string' ? /^(.+):(\d+)$/.exec(place) : null;
      if (match === null) return false;
      const reached = number(match[1] ?? '');
      return reached > number(file) || (reached === number(file) && Number(match[2]) >= pos);
    },
  };
}
