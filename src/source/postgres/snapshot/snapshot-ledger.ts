import { formatLsn } from '../../../model/lsn.ts';
import type { Lsn } from '../../../model/lsn.ts';
import type { CapturedTable } from '../capture/captured-tables.ts';
import { rowKeyColumns } from '../incremental/row-key-columns.ts';
import type { SnapshotChunk, StorageSize } from './snapshot-chunks.ts';
import type { TableTask } from '../../incremental/snapshot-state.ts';
import {
  encodeSnapshotState,
  newTask,
  NO_SNAPSHOTS,
  withRange,
} from '../../incremental/snapshot-state.ts';

interface LedgerTable {
  task: TableTask;
  chunksLeft: number;
}

/**
 * What of a first snapshot has been handed over, in the form in which the rest can be read beside
 * the stream after a crash. Invariant: a chunk counts as done only when its last row has been
 * handed over; as the state is read together with the batch, the two become durable together.
 */
export class SnapshotLedger {
  readonly #tables: readonly LedgerTable[];
  #text: string | null | undefined;

  constructor(
    tables: readonly CapturedTable[],
    chunks: readonly SnapshotChunk[],
    facts: {
      readonly sizes: ReadonlyMap<number, StorageSize>;
      readonly files: ReadonlyMap<number, string>;
      readonly consistentPoint: Lsn;
    },
  ) {
    this.#tables = tables.map((table, index) => ({
      task: taskOf(table, facts),
      chunksLeft: chunks.filter((chunk) => chunk.table === index).length,
    }));
  }

  /** `rows`: of the table, as far as they have been handed over. */
  done(chunk: SnapshotChunk, rows: number): void {
    const table = this.#tables[chunk.table] as LedgerTable;
    const parts = table.task.parts.map((part) =>
      part.oid === chunk.storage.oid
        ? { ...part, done: withRange(part.done, chunk.firstPage, chunk.endPage ?? part.pages) }
        : part,
    );
    // What is not read by its pages is read again from its beginning.
    if (table.task.method === 'pages') table.task = { ...table.task, parts, rows };
    table.chunksLeft--;
    this.#text = undefined;
  }

  /** What is left, for the offset; null: nothing. */
  get text(): string | null {
    if (this.#text === undefined) {
      const open = this.#tables.filter(({ chunksLeft }) => chunksLeft > 0);
      this.#text = encodeSnapshotState({ ...NO_SNAPSHOTS, tasks: open.map(({ task }) => task) });
    }
    return this.#text;
  }
}

function taskOf(
  table: CapturedTable,
  facts: {
    readonly sizes: ReadonlyMap<number, StorageSize>;
    readonly files: ReadonlyMap<number, string>;
    readonly consistentPoint: Lsn;
  },
): TableTask {
  const { id } = table.schema;
  const sizes = table.storage.map(({ oid }) => facts.sizes.get(oid));
  const method =
    rowKeyColumns(table.info) === null
      ? 'whole'
      : sizes.every((size) => size?.heap === true)
        ? 'pages'
        : 'keys';
  const parts = table.storage.map(({ oid }) => ({
    oid,
    file: facts.files.get(oid) ?? '',
    pages: facts.sizes.get(oid)?.pages ?? 0,
    done: [],
  }));
  return newTask(
    {
      schema: id.schema,
      table: id.table,
      purpose: 'initial',
      method,
      snapshotId: formatLsn(facts.consistentPoint),
    },
    { parts: method === 'pages' ? parts : [] },
  );
}
