import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { must } from '../../../src/foundation/assert.ts';
import { type LogBlock, LogBlockWriter } from '../../../src/transport/embedded/log-block.ts';
import {
  type PlannedLog,
  SegmentCatalog,
  SegmentGone,
} from '../../../src/transport/embedded/segment-catalog.ts';
import { SegmentFiles } from '../../../src/transport/embedded/segment-files.ts';
import type { StoreOperation } from '../../../src/transport/embedded/store-operation.ts';
import { batchOf } from '../batch-of.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const SEGMENT_BYTES = 600;
const STORAGE = 5;
const PARTITIONS = 3;

/** The tree of a store, in memory. */
class Tree {
  readonly #values = new Map<string, Buffer>();

  get(key: Buffer): Buffer | undefined {
    return this.#values.get(key.toString('latin1'));
  }

  entries(start: Buffer, end: Buffer): StoreOperation[] {
    const [from, to] = [start.toString('latin1'), end.toString('latin1')];
    return [...this.#values]
      .filter(([key]) => key >= from && key < to)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => ({ key: Buffer.from(key, 'latin1'), value }));
  }

  apply({ key, value }: StoreOperation): void {
    if (value === null) this.#values.delete(key.toString('latin1'));
    else this.#values.set(key.toString('latin1'), Buffer.from(value));
  }
}

/** A log of blocks whose records are named after their offsets. */
class Log {
  readonly tree = new Tree();
  readonly files: SegmentFiles;
  readonly catalog: SegmentCatalog;
  readonly ends = Array.from({ length: PARTITIONS }, () => 0);
  /** Of each partition the offsets that it has. */
  readonly offsets = Array.from({ length: PARTITIONS }, () => new Set<number>());

  /** A new one: its folder is made. */
  static async begin(folder: string): Promise<Log> {
    const log = new Log(folder);
    await log.files.deleteAllBut(new Set());
    return log;
  }

  private constructor(folder: string) {
    this.files = new SegmentFiles(folder);
    this.catalog = new SegmentCatalog(this.tree, this.files, SEGMENT_BYTES);
    this.catalog.reload();
  }

  async carryOut(plan: PlannedLog): Promise<void> {
    if (plan.data !== null) await this.files.write(plan.data);
    for (const operation of plan.operations) this.tree.apply(operation);
    plan.durable();
  }

  async append(partitions: readonly number[]): Promise<void> {
    const writer = new LogBlockWriter();
    writer.begin(10_000);
    const blocks = partitions.map((partition) => {
      const baseOffset = this.ends[partition] ?? 0;
      this.ends[partition] = baseOffset + 2;
      for (const offset of [baseOffset, baseOffset + 1]) this.offsets[partition]?.add(offset);
      const records = [0, 1].map((n) => ({ topic: 0, value: `${partition}/${baseOffset + n}` }));
      const members = { indexes: Int32Array.of(0, 1), to: 2 };
      const place = { storage: STORAGE, partition, baseOffset };
      return writer.write(batchOf(records), members, place, 0);
    });
    await this.carryOut(this.catalog.plan(writer.written, blocks));
  }

  /** Takes the first record out of a block, or all of them. */
  async thin(partition: number, offset: number, all: boolean): Promise<void> {
    const stored = this.catalog.blockAt(STORAGE, partition, offset);
    if (stored === undefined || stored.count === 0) return;
    const block = this.catalog.read(stored);
    const kept = all ? [] : Array.from({ length: block.count - 1 }, (_, n) => n + 1);
    for (let i = 0; i < block.count; i++) {
      if (!kept.includes(i)) this.offsets[partition]?.delete(block.offset(i));
    }
    const span = this.catalog.closedSpanOf(stored);
    const range = { from: stored.baseOffset, to: stored.endOffset };
    const left = span !== undefined && kept.length === 0 ? [] : [block.withOnly(kept)];
    const moved = span === undefined ? ('rewritten' as const) : { span, ...range };
    await this.carryOut(this.catalog.planBlocks(left, moved));
  }

  /** Moves a span of the oldest closed segment, and deletes the segment when nothing is left. */
  async move(): Promise<void> {
    const [segment] = this.catalog.closed;
    if (segment === undefined) return;
    const [span] = segment.spans;
    if (span === undefined) {
      await this.carryOut(this.catalog.planRemoval(segment));
      await this.files.delete(segment.number);
      return;
    }
    const blocks: LogBlock[] = [];
    for (const block of this.catalog.blocks(STORAGE, span.partition, span.firstOffset)) {
      if (block.baseOffset < span.endOffset) blocks.push(this.catalog.read(block));
    }
    const range = { span, from: span.firstOffset, to: span.endOffset };
    const encoded = blocks.map(({ bytes }) => bytes);
    await this.carryOut(this.catalog.planBlocks(encoded, range));
  }
}

/** Every record of a partition, as read from an offset on. */
function read(catalog: SegmentCatalog, partition: number, from: number): string[] {
  const found: string[] = [];
  for (const stored of catalog.blocks(STORAGE, partition, from)) {
    const block = catalog.read(stored);
    for (let i = block.indexFrom(from); i < block.count; i++) {
      found.push(must(block.record(i).value, 'value').toString());
    }
  }
  return found;
}

function check(log: Log, catalog: SegmentCatalog): void {
  for (const [partition, offsets] of log.offsets.entries()) {
    const sorted = [...offsets].toSorted((a, b) => a - b);
    for (const from of [0, 3, log.ends[partition] ?? 0]) {
      const wanted = sorted.filter((offset) => offset >= from);
      expect(read(catalog, partition, from)).toEqual(wanted.map((at) => `${partition}/${at}`));
    }
  }
}

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.array(fc.nat({ max: PARTITIONS - 1 }), { minLength: 1, maxLength: 3 }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      partition: fc.nat({ max: PARTITIONS - 1 }),
      offset: fc.nat({ max: 30 }),
      all: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.constantFrom('move' as const, 'close' as const) },
);

describe('a catalog of segments', () => {
  test('finds every block after any appends, moves and rewrites, also when read anew', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        using folder = temporaryFolder();
        const log = await Log.begin(folder.path);
        const other = new SegmentCatalog(log.tree, log.files, SEGMENT_BYTES);
        for (const [n, next] of steps.entries()) {
          if (Array.isArray(next)) await log.append([...new Set(next)]);
          else if (next === 'move') await log.move();
          else if (next === 'close') await log.carryOut(log.catalog.planClose());
          else if (typeof next === 'object') await log.thin(next.partition, next.offset, next.all);
          check(log, log.catalog);
          // One that looks now and then sees the same.
          if (n % 3 !== 0) continue;
          other.reload();
          check(log, other);
        }
        const anew = new SegmentCatalog(log.tree, log.files, SEGMENT_BYTES);
        anew.reload();
        check(log, anew);
        expect(anew.bytes).toBe(log.catalog.bytes);
        expect(anew.numbers()).toEqual(log.catalog.numbers());
        const live = (catalog: SegmentCatalog): number[] =>
          [...catalog.closed, catalog.open].flatMap(({ spans }) => spans.map(({ bytes }) => bytes));
        const sum = (parts: readonly number[]): number => parts.reduce((a, b) => a + b, 0);
        expect(sum(live(anew))).toBe(sum(live(log.catalog)));
        await log.files.close();
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  test('closes a segment that is full, and takes a block larger than any whole', async () => {
    using folder = temporaryFolder();
    const log = await Log.begin(folder.path);
    for (let n = 0; n < 20; n++) await log.append([0]);
    expect(log.catalog.closed.length).toBeGreaterThan(1);
    for (const { bytes } of log.catalog.closed) expect(bytes).toBeLessThanOrEqual(SEGMENT_BYTES);
    const writer = new LogBlockWriter();
    writer.begin(10_000);
    const batch = batchOf([{ topic: 0, value: 'x'.repeat(2000) }]);
    const place = { storage: 9, partition: 0, baseOffset: 0 };
    const block = writer.write(batch, { indexes: Int32Array.of(0), to: 1 }, place, 0);
    await log.carryOut(log.catalog.plan(writer.written, [block]));
    expect(log.catalog.open.bytes).toBeGreaterThan(2000);
    expect(log.catalog.blockAt(9, 0, 0)).toMatchObject({ count: 1 });
    await log.files.close();
  });

  test('says that a segment is gone when another process has deleted it', async () => {
    using folder = temporaryFolder();
    const log = await Log.begin(folder.path);
    await log.append([0]);
    await log.carryOut(log.catalog.planClose());
    const files = new SegmentFiles(folder.path);
    const other = new SegmentCatalog(log.tree, files, SEGMENT_BYTES);
    other.reload();
    await log.move();
    await log.move();
    expect(() => other.blockAt(STORAGE, 0, 0)).toThrow(SegmentGone);
    other.reload();
    check(log, other);
    await Promise.all([files.close(), log.files.close()]);
  });
});
