import { TidemarkError } from '../../foundation/errors.ts';
import { type BlockHead, LogBlock, padded, readHead } from './log-block.ts';
import type { SegmentFiles, SegmentWrite } from './segment-files.ts';
import { partitionId, scanBlocks, SegmentIndex, type StoredBlock } from './segment-index.ts';
import {
  type ClosedSegment,
  decodeSummary,
  decodeTail,
  type Span,
  summaryOperation,
  tailOperation,
} from './segment-summary.ts';
import { SpanTable } from './span-table.ts';
import { after, segmentKey, SEGMENTS, TAIL_KEY } from './store-keys.ts';
import type { StoreOperation } from './store-operation.ts';

/** A range of a partition that a plan takes out of a closed segment. */
export interface MovedRange {
  readonly span: Span;
  readonly from: number;
  readonly to: number;
}

/** A change of the log: bytes to write first, operations for the tree, and what follows. */
export interface PlannedLog {
  readonly data: SegmentWrite | null;
  readonly operations: readonly StoreOperation[];
  readonly durable: () => void;
}

/** What the catalog reads of the store's tree. */
export interface TreeReader {
  get(key: Buffer): Buffer | undefined;
  entries(start: Buffer, end: Buffer): StoreOperation[];
}

/** The file of a segment is gone; a process that only reads has to look again what there is. */
export class SegmentGone extends TidemarkError {
  constructor(file: string) {
    super('STORE_IO', `the segment ${file} of the log is missing`, { cure: LOST_SEGMENT_CURE });
  }
}

/** What is in the file stands nowhere else; the source and its tables are the only other place. */
const LOST_SEGMENT_CURE =
  'Stop the daemon and put back the whole folder as it was copied at some time while the daemon ' +
  'was stopped, or begin with a new snapshot: give a new transport.path, or delete this one.';

/** Blocks in the open segment, all of which are known in memory. */
const BLOCKS_MAX = 65_536;

/** Closed segments whose blocks are kept in memory. */
const INDEXES_MAX = 8;

interface OpenSegment {
  readonly number: number;
  bytes: number;
  readonly index: SegmentIndex;
  /** In the order of writing; the last of a partition grows. */
  readonly spans: Span[];
  /** Of each partition the span written last: its place in `spans`. */
  readonly latest: Map<number, number>;
}

/**
 * Which segment holds which offsets. The tree has a summary of each closed segment and how far the
 * open one is written; where the blocks stand is read from the segments themselves. In the daemon
 * this is the truth, changed only when a write has become durable.
 */
export class SegmentCatalog {
  readonly #tree: TreeReader;
  readonly #files: SegmentFiles;
  readonly #segmentBytes: number;
  readonly #closed = new Map<number, ClosedSegment>();
  readonly #spans = new SpanTable();
  readonly #indexes = new Map<number, SegmentIndex>();
  #open: OpenSegment = openSegment(1);
  /** What else is stored when a segment is closed that has these spans; see TopicCatalog. */
  whenClosed: (spans: readonly Span[]) => readonly StoreOperation[] = () => [];
  /** Rises when the closed segments change. */
  #version = -1;

  constructor(tree: TreeReader, files: SegmentFiles, segmentBytes: number) {
    this.#tree = tree;
    this.#files = files;
    this.#segmentBytes = segmentBytes;
  }

  get closed(): readonly ClosedSegment[] {
    return [...this.#closed.values()];
  }

  closedSegment(number: number): ClosedSegment | undefined {
    return this.#closed.get(number);
  }

  /** The open segment as it would be if it were closed now. */
  get open(): ClosedSegment {
    const { number, bytes, spans } = this.#open;
    return { number, bytes, spans };
  }

  /** Numbers of all segments. */
  numbers(): ReadonlySet<number> {
    return new Set([...this.#closed.keys(), this.#open.number]);
  }

  /** Bytes of all segments. */
  get bytes(): number {
    let bytes = this.#open.bytes;
    for (const segment of this.#closed.values()) bytes += segment.bytes;
    return bytes;
  }

  /** Reads what the tree says now. Throws SegmentGone, STORE_IO. */
  reload(): void {
    const tail = decodeTail(this.#tree.get(TAIL_KEY));
    if (tail.version !== this.#version) {
      this.#reloadAll(tail.segment);
      this.#files.keepOpen(this.numbers());
    }
    const open = this.#open;
    if (open.bytes < tail.bytes) {
      for (const block of this.#scan(open.number, open.bytes, tail.bytes)) this.#addToOpen(block);
      open.bytes = tail.bytes;
    }
    this.#version = tail.version;
  }

  #reloadAll(openNumber: number): void {
    this.#closed.clear();
    this.#spans.clear();
    this.#indexes.clear();
    this.#open = openSegment(openNumber);
    // Until all is read nothing is known: a file that is gone makes the next call begin anew.
    this.#version = -1;
    for (const { key, value } of this.#tree.entries(SEGMENTS, after(SEGMENTS))) {
      if (value === null) continue;
      const segment = decodeSummary(key.readUInt32BE(1), value);
      this.#closed.set(segment.number, segment);
      for (const span of segment.spans) this.#spans.insert(span);
    }
  }

  /**
   * Plans blocks behind the log's end; their positions are those among `bytes`. `moved` is where
   * they stood before, when that was a closed segment. Those that are `rewritten` come in the place
   * of blocks of the open segment that begin at the same offsets, so they go into the same segment.
   * Only one plan at a time may be under way.
   */
  plan(
    bytes: Buffer,
    blocks: readonly (BlockHead & { readonly position: number })[],
    moved?: MovedRange | 'rewritten',
  ): PlannedLog {
    const open = this.#open;
    const isFull =
      open.bytes + bytes.length > this.#segmentBytes ||
      open.index.count + blocks.length > BLOCKS_MAX;
    const mayClose = open.bytes > 0 && bytes.length > 0 && moved !== 'rewritten';
    const closes = mayClose && isFull;
    const segment = closes ? open.number + 1 : open.number;
    const position = closes ? 0 : open.bytes;
    const operations: StoreOperation[] = [];
    if (closes) operations.push(...this.#closing());
    const source = typeof moved === 'object' ? this.#without(moved) : null;
    if (source !== null) operations.push(summaryOperation(source.segment));
    const version = this.#version + (closes || source !== null ? 1 : 0);
    const end = position + bytes.length;
    operations.push(tailOperation({ segment, bytes: end, version }));
    return {
      data: bytes.length === 0 ? null : { segment, position, bytes },
      operations,
      durable: () => {
        source?.apply();
        if (closes) this.#close();
        for (const block of blocks) {
          this.#addToOpen({ ...block, segment, position: position + block.position });
        }
        this.#open.bytes = end;
        this.#version = version;
      },
    };
  }

  /** Plans encoded blocks, one behind the other, as `plan` does. */
  planBlocks(encoded: readonly Buffer[], moved: MovedRange | 'rewritten'): PlannedLog {
    const blocks: (BlockHead & { readonly position: number })[] = [];
    let position = 0;
    for (const block of encoded) {
      blocks.push({ ...readHead(block, 0), position });
      position += padded(block.length);
    }
    const bytes = Buffer.alloc(position);
    for (const [i, block] of encoded.entries()) block.copy(bytes, blocks[i]?.position);
    return this.plan(bytes, blocks, moved);
  }

  /** Plans the end of the open segment, so that it may be emptied. */
  planClose(): PlannedLog {
    const version = this.#version + 1;
    const tail = { segment: this.#open.number + 1, bytes: 0, version };
    return {
      data: null,
      operations: [...this.#closing(), tailOperation(tail)],
      durable: () => {
        this.#close();
        this.#version = version;
      },
    };
  }

  #closing(): StoreOperation[] {
    return [summaryOperation(this.open), ...this.whenClosed(this.open.spans)];
  }

  /** The blocks of a partition in the open segment that begin at `offset` or behind it. */
  openBlocks(storage: number, partition: number, offset: number): readonly StoredBlock[] {
    return this.#open.index.blocksFrom(storage, partition, offset);
  }

  /** Plans that a closed segment is gone; its file may be deleted when that is durable. */
  planRemoval(segment: ClosedSegment): PlannedLog {
    const version = this.#version + 1;
    const tail = { segment: this.#open.number, bytes: this.#open.bytes, version };
    return {
      data: null,
      operations: [{ key: segmentKey(segment.number), value: null }, tailOperation(tail)],
      durable: () => {
        for (const span of segment.spans) this.#spans.replace(span, []);
        this.#closed.delete(segment.number);
        this.#indexes.delete(segment.number);
        this.#version = version;
      },
    };
  }

  /** The block that holds `offset` or, when that is gone, the next one of the partition. */
  blockAt(storage: number, partition: number, offset: number): StoredBlock | undefined {
    for (const span of this.#spans.behind(storage, partition, offset)) {
      const index = this.#indexOf(span.segment);
      const from = Math.max(offset, span.firstOffset);
      const block = index.blockBehind(storage, partition, from);
      // A span has no holes: passing over what is missing would hide records.
      return this.#checked(span.segment, () => {
        if (block !== undefined && block.baseOffset <= from) return block;
        throw new TidemarkError('STORE_IO', `it has no block with offset ${from}`);
      });
    }
    return undefined;
  }

  /** The blocks of a partition from the one that holds `offset` on. */
  *blocks(storage: number, partition: number, offset: number): Generator<StoredBlock> {
    let block = this.blockAt(storage, partition, offset);
    while (block !== undefined) {
      yield block;
      block = this.blockAt(storage, partition, block.endOffset);
    }
  }

  /** Throws SegmentGone, STORE_IO. */
  read({ segment, position, length }: StoredBlock): LogBlock {
    const bytes = this.#files.read(segment, position, length);
    if (bytes === null) throw this.#gone(segment);
    return this.#checked(segment, () => new LogBlock(bytes));
  }

  #gone(segment: number): SegmentGone {
    return new SegmentGone(this.#files.fileOf(segment));
  }

  /** Says of damage in which file it is. */
  #checked<T>(segment: number, read: () => T): T {
    try {
      return read();
    } catch (thrown) {
      const detail = thrown instanceof Error ? thrown.message : String(thrown);
      const message = `the segment ${this.#files.fileOf(segment)} of the log is damaged: ${detail}`;
      throw new TidemarkError('STORE_IO', message, { cause: thrown, cure: LOST_SEGMENT_CURE });
    }
  }

  /** The span of a closed segment that holds a block; undefined: the block is in the open one. */
  closedSpanOf({ segment, storage, partition, baseOffset }: StoredBlock): Span | undefined {
    if (segment === this.#open.number) return undefined;
    return this.#spans.at(storage, partition, baseOffset);
  }

  #indexOf(segment: number): SegmentIndex {
    if (segment === this.#open.number) return this.#open.index;
    let index = this.#indexes.get(segment);
    if (index === undefined) {
      index = new SegmentIndex();
      const bytes = this.#closed.get(segment)?.bytes ?? 0;
      for (const block of this.#scan(segment, 0, bytes)) index.add(block);
    }
    this.#remember(segment, index);
    return index;
  }

  #remember(segment: number, index: SegmentIndex): void {
    this.#indexes.delete(segment);
    this.#indexes.set(segment, index);
    const [oldest] = this.#indexes.keys();
    if (this.#indexes.size > INDEXES_MAX && oldest !== undefined) this.#indexes.delete(oldest);
  }

  #scan(segment: number, from: number, to: number): StoredBlock[] {
    const blocks = this.#checked(segment, () =>
      scanBlocks(segment, this.#files.scanner(segment), from, to),
    );
    if (blocks === null) throw this.#gone(segment);
    return blocks;
  }

  #addToOpen(block: StoredBlock): void {
    const open = this.#open;
    const { segment, storage, partition, baseOffset, endOffset, length } = block;
    const replaced = open.index.add(block);
    const id = partitionId(storage, partition);
    if (replaced !== undefined) {
      const at = open.spans.findIndex(
        (span) =>
          partitionId(span.storage, span.partition) === id &&
          span.firstOffset <= baseOffset &&
          baseOffset < span.endOffset,
      );
      const span = open.spans[at] as Span;
      this.#growOpen(at, { ...span, bytes: span.bytes + length - replaced.length });
      return;
    }
    const at = open.latest.get(id);
    const latest = at === undefined ? undefined : open.spans[at];
    if (at !== undefined && latest?.endOffset === baseOffset) {
      this.#growOpen(at, { ...latest, endOffset, bytes: latest.bytes + length });
      return;
    }
    const firstOffset = baseOffset;
    const span = { segment, storage, partition, firstOffset, endOffset, bytes: length };
    open.latest.set(id, open.spans.push(span) - 1);
    this.#spans.insert(span);
  }

  #growOpen(at: number, span: Span): void {
    const before = this.#open.spans[at] as Span;
    this.#open.spans[at] = span;
    this.#spans.replace(before, [span]);
  }

  #close(): void {
    const { number, bytes, spans, index } = this.#open;
    this.#closed.set(number, { number, bytes, spans });
    this.#remember(number, index);
    this.#open = openSegment(number + 1);
  }

  /** A closed segment as it is when a range is taken out. */
  #without({ span, from, to }: MovedRange): {
    readonly segment: ClosedSegment;
    readonly apply: () => void;
  } {
    const before = this.#closed.get(span.segment) as ClosedSegment;
    const left = [
      { ...span, endOffset: from },
      { ...span, firstOffset: to },
    ]
      .filter(({ firstOffset, endOffset }) => firstOffset < endOffset)
      .map((part) => ({ ...part, bytes: this.#bytesOf(part) }));
    const spans = before.spans.flatMap((each) => (each === span ? left : [each]));
    const segment = { ...before, spans };
    return {
      segment,
      apply: () => {
        this.#closed.set(segment.number, segment);
        this.#spans.replace(span, left);
      },
    };
  }

  #bytesOf({ segment, storage, partition, firstOffset, endOffset }: Span): number {
    const index = this.#indexOf(segment);
    let bytes = 0;
    for (let at = firstOffset; at < endOffset;) {
      const block = index.blockBehind(storage, partition, at);
      if (block === undefined) break;
      bytes += block.length;
      at = block.endOffset;
    }
    return bytes;
  }
}

function openSegment(number: number): OpenSegment {
  return { number, bytes: 0, index: new SegmentIndex(), spans: [], latest: new Map() };
}
