import { must } from '../../foundation/assert.ts';
import type { ClosedSegment, Span } from './segment-summary.ts';
import type { PlannedWrite, Store } from './store.ts';
import type { TopicCatalog } from './topic-catalog.ts';
import { stateOf } from './topic-catalog.ts';

/** Bytes moved in one write: little enough that no append waits long behind it. */
const MOVE_BYTES = 1024 * 1024;

/** Segments looked at between two pauses; each may have a span of every partition. */
const SEGMENTS_PER_SLICE = 16;

/** An open segment below this size is left alone. */
const OPEN_BYTES_MIN = 64 * 1024;

/**
 * Deletes segments that hold nothing any more. One that holds little is emptied first: what still
 * counts is moved behind the log's end, where its offsets find it as before. So space that is lost
 * to a topic that is kept beside ones that are not is at most as large as what is kept. Returns how
 * many were deleted; one that cannot be read does not keep the others.
 */
export async function reclaim(
  store: Store,
  catalog: TopicCatalog,
  pause: () => Promise<boolean>,
): Promise<number> {
  const { log } = store;
  let deleted = 0;
  const failures: unknown[] = [];
  if (log.open.bytes >= OPEN_BYTES_MIN && isMostlyDead(log.open, catalog)) {
    await store.write('state', () => log.planClose());
  }
  for (const [at, { number }] of log.closed.entries()) {
    if (at % SEGMENTS_PER_SLICE === 0 && !(await pause())) return deleted;
    // As it is now: earlier steps have changed it, and appends may have.
    const segment = log.closedSegment(number);
    if (segment === undefined || !isMostlyDead(segment, catalog)) continue;
    try {
      if (!(await emptySegment(store, catalog, number, pause))) return deleted;
    } catch (thrown) {
      failures.push(thrown);
      continue;
    }
    await store.write('state', () => {
      const emptied = log.closedSegment(number);
      return emptied === undefined ? { operations: [] } : log.planRemoval(emptied);
    });
    await store.files.delete(number);
    store.space.forget();
    deleted++;
  }
  if (failures.length > 0) throw failures[0];
  return deleted;
}

function isMostlyDead(segment: ClosedSegment, catalog: TopicCatalog): boolean {
  let live = 0;
  for (const span of segment.spans) if (isLive(span, catalog)) live += span.bytes;
  return live * 2 < segment.bytes;
}

/** Whether a topic still has records there. */
function isLive({ storage, partition, endOffset }: Span, catalog: TopicCatalog): boolean {
  const state = catalog.byStorage(storage)?.partitions[partition];
  return state !== undefined && endOffset > state.startOffset;
}

/** Moves what is alive, slice by slice; false when it has to stop. */
async function emptySegment(
  store: Store,
  catalog: TopicCatalog,
  number: number,
  pause: () => Promise<boolean>,
): Promise<boolean> {
  const { log } = store;
  for (;;) {
    const firstLive = (): Span | undefined =>
      log.closedSegment(number)?.spans.find((span) => isLive(span, catalog));
    if (firstLive() === undefined) return true;
    await store.write('state', () => {
      const span = firstLive();
      if (span === undefined) return { operations: [] };
      const topic = must(catalog.byStorage(span.storage), 'topic of a live span');
      return planMove(store, span, stateOf(topic, span.partition).startOffset);
    });
    if (!(await pause())) return false;
  }
}

function planMove({ log }: Store, span: Span, startOffset: number): PlannedWrite {
  const moved: Buffer[] = [];
  let bytes = 0;
  let to = span.firstOffset;
  for (const block of log.blocks(span.storage, span.partition, span.firstOffset)) {
    if (block.baseOffset >= span.endOffset || bytes > MOVE_BYTES) break;
    to = block.endOffset;
    if (block.count === 0 || block.endOffset <= startOffset) continue;
    moved.push(log.read(block).bytes);
    bytes += block.length;
  }
  return log.planBlocks(moved, { span, from: span.firstOffset, to });
}
