import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/foundation/clock.ts';
import { lsn } from '../../../src/model/lsn.ts';
import { copiedRows } from '../../../src/source/postgres/snapshot/copied-rows.ts';
import type { ChunkRows } from '../../../src/source/snapshot/snapshot-rows.ts';
import { SnapshotRows } from '../../../src/source/snapshot/snapshot-rows.ts';
import { RecordingReceiver } from '../../support/recording-receiver.ts';
import { capturedTable, tableInfo } from '../../support/table-fixtures.ts';

/** One receive buffer that is written over after each read, as a connection does. */
class Reads {
  readonly #buffer = Buffer.alloc(4096);
  readonly #chunk: ChunkRows;

  constructor(chunk: ChunkRows) {
    this.#chunk = chunk;
  }

  read(ids: readonly number[]): void {
    let at = 0;
    for (const id of ids) {
      const end = at + this.#buffer.write(`${id}\n`, at);
      this.#chunk.row(this.#buffer, at, end);
      at = end;
    }
    this.#chunk.inputRead();
    this.#buffer.fill('#');
  }
}

function open(chunksPerTable: readonly number[]): { rows: SnapshotRows; out: RecordingReceiver } {
  const out = new RecordingReceiver();
  const tables = chunksPerTable.map((chunks, i) => {
    const info = tableInfo({ oid: i + 1, name: `t${i}` });
    const { schema } = capturedTable(info, { sent: ['id'] });
    return { schema, tupleColumns: 1, chunks, rowsEstimated: 10 };
  });
  return { rows: new SnapshotRows(tables, out, copiedRows(lsn(99n), systemClock)), out };
}

async function seen(out: RecordingReceiver): Promise<string[]> {
  await out.snapshotCompleted({ partition: {}, offset: {} });
  return out.events.map((e) => `${e.table}:${e.after?.['id']} ${e.snapshot}`);
}

describe('SnapshotRows', () => {
  test('the last row of a table may lie in any chunk, the last may be empty', async () => {
    const { rows, out } = open([3]);
    const [a, b, c] = [rows.openChunk(0), rows.openChunk(0), rows.openChunk(0)];
    new Reads(b).read([2]);
    new Reads(a).read([1]);
    b.close();
    a.close();
    c.close();
    rows.finish();
    expect(await seen(out)).toEqual(['t0:2 first', 't0:1 last']);
  });

  test('let go, every row that was held back goes out, and its chunk is done', async () => {
    const { rows, out } = open([2, 1, 1]);
    const done: string[] = [];
    const [a, b, c] = [0, 0, 1].map((table, i) =>
      rows.openChunk(table, () => done.push('abc'[i] ?? '')),
    ) as [ChunkRows, ChunkRows, ChunkRows];
    new Reads(a).read([1, 2]);
    a.close();
    new Reads(c).read([5]);
    c.close();
    new Reads(b).read([3]);
    rows.letGo();
    expect(await seen(out)).toEqual(['t0:1 first', 't1:5 last_in_data_collection', 't0:2 true']);
    expect(done.toSorted()).toEqual(['a', 'c']);
  });

  test('a held row survives the next read into the same buffer', async () => {
    const { rows, out } = open([1]);
    const chunk = rows.openChunk(0);
    const reads = new Reads(chunk);
    reads.read([1, 2]);
    reads.read([3]);
    reads.read([]);
    reads.read([4, 5]);
    chunk.close();
    rows.finish();
    expect(await seen(out)).toEqual([
      't0:1 first',
      't0:2 true',
      't0:3 true',
      't0:4 true',
      't0:5 last',
    ]);
  });

  test('the last row of a finished table goes out as soon as another table has rows', async () => {
    const { rows, out } = open([1, 1]);
    const [a, b] = [rows.openChunk(0), rows.openChunk(1)];
    new Reads(a).read([1]);
    a.close();
    expect(rows.progress().map((p) => [p.rowsDone, p.completed])).toEqual([
      [1, false],
      [0, false],
    ]);
    new Reads(b).read([1]);
    expect(rows.progress().map((p) => p.completed)).toEqual([true, false]);
    b.close();
    rows.finish();
    expect(rows.progress().map((p) => p.completed)).toEqual([true, true]);
    expect(await seen(out)).toEqual(['t0:1 first', 't1:1 last']);
  });

  test('any interleaving: each row once, a first, a last of each table and of all', async () => {
    const plan = fc.array(fc.array(fc.nat(3), { minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(plan, fc.infiniteStream(fc.nat(1000)), async (tables, choices) => {
        const { rows, out } = open(tables.map((chunks) => chunks.length));
        const open_ = tables.flatMap((chunks, table) =>
          chunks.map((left) => {
            const chunk = rows.openChunk(table);
            return { chunk, reads: new Reads(chunk), left };
          }),
        );
        let id = 0;
        while (open_.length > 0) {
          const at = (choices.next().value as number) % open_.length;
          const reader = open_[at] as (typeof open_)[number];
          if (reader.left > 0) {
            reader.reads.read([id++]);
            reader.left--;
          } else {
            reader.chunk.close();
            open_.splice(at, 1);
          }
        }
        rows.finish();
        await seen(out);
        const ids = out.events.map((event) => Number(event.after?.['id']));
        expect(ids.toSorted((a, b) => a - b)).toEqual(Array.from({ length: id }, (_, i) => i));
        const withRows = tables.filter((chunks) => chunks.some((n) => n > 0)).length;
        const count = (marker: string): number =>
          out.events.filter(({ snapshot }) => snapshot === marker).length;
        expect(count('last')).toBe(id > 0 ? 1 : 0);
        expect(out.events.at(-1)?.snapshot).toBe(id > 0 ? 'last' : undefined);
        if (id > 1) expect(out.events[0]?.snapshot).toBe('first');
        // The first row of all may also be the last of its table: then it is called first.
        expect(count('last_in_data_collection')).toBeGreaterThanOrEqual(Math.max(0, withRows - 2));
        expect(count('last_in_data_collection')).toBeLessThanOrEqual(Math.max(0, withRows - 1));
      }),
    );
  });
});
