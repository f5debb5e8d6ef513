import type { Clock } from '../foundation/clock.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { RowChange } from '../model/change-event.ts';
import type { Lsn } from '../model/lsn.ts';
import { formatLsn, lsn, parseLsn } from '../model/lsn.ts';
import { RowImage } from '../model/row-image.ts';
import type { SinkRecord } from '../model/sink-record.ts';
import { tableName } from '../model/table-schema.ts';
import type { CapturedTable } from '../source/postgres/capture/captured-tables.ts';
import {
  nextTransaction,
  oldestTransaction,
} from '../source/postgres/incremental/older-transactions.ts';
import type { WindowChunk } from '../source/postgres/incremental/window-chunk.ts';
import { keyBehindQuery, windowQuery } from '../source/postgres/incremental/window-chunk.ts';
import type { ReadWindow, WindowReader } from '../source/postgres/incremental/window-reader.ts';
import { copiedRows } from '../source/postgres/snapshot/copied-rows.ts';
import { readCopyRow } from '../source/postgres/snapshot/copy-text.ts';
import type { PostgresWire } from '../source/postgres/wire/postgres-wire.ts';
import { keyImage, rowKeyOf } from '../source/incremental/row-key.ts';
import { readHalves } from './halved-reading.ts';
import type { KeyTexts, SourceFence, SourceRows, SourceTable } from './verify-ports.ts';

/** What the stream passes soon, however quiet the database is. */
const NUDGE = `SELECT CASE WHEN NOT pg_catalog.pg_is_in_recovery()
  THEN pg_catalog.pg_logical_emit_message(true, 'tidemark', '') END`;
const RECOVERS = 'SELECT pg_catalog.pg_is_in_recovery()';
const SETTLE_LOOK_MS = 50;

/** What a table of PostgreSQL is read with. */
export interface PostgresSourceParts {
  readonly captured: CapturedTable;
  readonly topic: string;
  /** Names of the columns that are the key in the target. */
  readonly keyColumns: readonly string[];
  readonly reader: WindowReader;
  readonly clock: Clock;
  /** How long transactions of others are waited for. */
  readonly waitMs: number;
  /** What the sink would be handed for a row; null: nothing. */
  readonly recordOf: (row: RowChange) => SinkRecord | null;
}

/**
 * A table of PostgreSQL, in chunks by its key: each is a REPEATABLE READ transaction of its own,
 * read as incremental snapshots read theirs, so that no snapshot is held for long.
 */
export class PostgresSourceTable implements SourceTable {
  readonly name: string;
  readonly topic: string;
  readonly keyColumns: readonly string[];
  readonly estimatedRows: number;
  readonly #parts: PostgresSourceParts;
  readonly #keyIndexes: readonly number[];

  constructor(parts: PostgresSourceParts) {
    const { captured, topic, keyColumns } = parts;
    this.#parts = parts;
    this.topic = topic;
    this.name = tableName(captured.schema.id);
    this.keyColumns = keyColumns;
    this.estimatedRows = captured.info.estimatedRows;
    this.#keyIndexes = keyColumns.map((name) =>
      captured.tupleColumns.findIndex((column) => column.name === name),
    );
  }

  async readChunk(after: KeyTexts | null, limit: number, signal: AbortSignal): Promise<SourceRows> {
    const order = this.#parts.keyColumns;
    const rows = await this.#read({ kind: 'keys', order, after, upTo: null, limit }, signal);
    return { ...rows, more: rows.more || rows.read === limit };
  }

  async keyBehind(
    after: KeyTexts | null,
    rows: number,
    signal: AbortSignal,
  ): Promise<KeyTexts | null> {
    const { captured, keyColumns, reader } = this.#parts;
    const table = { captured, keyColumns, condition: null };
    const wire = await reader.wire(signal);
    const found = await wire.query(keyBehindQuery(keyColumns, table, after, rows), signal);
    return found[0]?.rows[0]?.map((text) => text ?? '') ?? null;
  }

  async readKeys(keys: readonly KeyTexts[], signal: AbortSignal): Promise<SourceRows> {
    const columns = this.#parts.keyColumns;
    const rows = await this.#read({ kind: 'reread', columns, keys: keys.map(rowKeyOf) }, signal);
    return readHalves(rows, keys, (some) => this.readKeys(some, signal));
  }

  deletion(key: KeyTexts): SinkRecord | null {
    const { captured, clock, recordOf } = this.#parts;
    const { change } = copiedRows(lsn(0n), clock);
    const before = keyImage(rowKeyOf(key), this.#keyIndexes, captured.tupleColumns.length);
    const table = captured.schema;
    return recordOf({ ...change, op: 'd', table, before, beforeIsKeyOnly: true, after: null });
  }

  async settle(signal: AbortSignal): Promise<void> {
    const { reader, clock, waitMs } = this.#parts;
    const wire = await reader.wire(signal);
    // There a commit is replayed, and so visible, before it is decoded.
    if ((await wire.query(RECOVERS, signal))[0]?.rows[0]?.[0] === 't') return;
    const next = await nextTransaction(wire);
    const untilMs = clock.monotonicMs() + waitMs;
    while ((await oldestTransaction(wire)) < next) {
      if (clock.monotonicMs() > untilMs) throw openTransactions(this.name);
      await clock.sleep(SETTLE_LOOK_MS, signal);
      signal.throwIfAborted();
    }
  }

  async #read(chunk: WindowChunk, signal: AbortSignal): Promise<SourceRows> {
    const { captured, keyColumns, reader } = this.#parts;
    const query = windowQuery(chunk, { captured, keyColumns, condition: null });
    const window = await reader.read(query, captured, signal);
    await nudge(await reader.wire(signal), signal);
    return this.#rowsOf(window);
  }

  #rowsOf({ rows, until }: ReadWindow): SourceRows {
    const { captured, clock, recordOf } = this.#parts;
    const { change } = copiedRows(until, clock);
    const image = new RowImage();
    change.table = captured.schema;
    change.after = image;
    const records: SinkRecord[] = [];
    const keys: KeyTexts[] = [];
    let lastKey: KeyTexts | null = null;
    for (let i = 0; i < rows.count; i++) {
      readCopyRow(rows.bytes, rows.start(i), rows.end(i), image, captured.tupleColumns.length);
      lastKey = this.#keyIndexes.map((index) => image.text(index) ?? '');
      const record = recordOf(change);
      if (record === null) continue;
      records.push(record);
      keys.push(lastKey);
    }
    return { records, keys, read: rows.count, lastKey, more: rows.cut, fence: fenceAt(until) };
  }
}

function fenceAt(until: Lsn): SourceFence {
  return {
    text: formatLsn(until),
    isBehind(stored) {
      const end = stored['tidemark.end_lsn'];
      return typeof end === 'string' && parseLsn(end) >= until;
    },
  };
}

async function nudge(wire: PostgresWire, signal: AbortSignal): Promise<void> {
  await wire.query(NUDGE, signal);
}

function openTransactions(table: string): TidemarkError {
  return new TidemarkError(
    'VERIFY_BEHIND',
    `${table}: transactions that were open when rows differed are still open`,
    { cure: 'Wait for their end (pg_stat_activity, backend_xid), or give them --wait.' },
  );
}
