import type { PartitionCursor } from './partition-cursor.ts';

/**
 * Cursors by the sequence of their next record: which is the lowest is known after a few steps,
 * however many partitions there are.
 */
export class CursorHeap {
  readonly #cursors: PartitionCursor[] = [];
  readonly #sequences: number[] = [];

  /** The cursor with the lowest sequence. */
  get lowest(): PartitionCursor | undefined {
    return this.#cursors[0];
  }

  /** The lowest sequence of all others; Infinity when there are none. */
  get second(): number {
    const none = Number.POSITIVE_INFINITY;
    return Math.min(this.#sequences[1] ?? none, this.#sequences[2] ?? none);
  }

  add(cursor: PartitionCursor, sequence: number): void {
    let at = this.#cursors.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((this.#sequences[parent] as number) <= sequence) break;
      this.#put(at, this.#cursors[parent] as PartitionCursor, this.#sequences[parent] as number);
      at = parent;
    }
    this.#put(at, cursor, sequence);
  }

  /** The lowest cursor has gone on to `sequence`; Infinity: it has nothing more. */
  moveLowest(sequence: number): void {
    const isDone = sequence === Number.POSITIVE_INFINITY;
    const cursor = isDone ? this.#cursors.pop() : this.#cursors[0];
    const itsSequence = isDone ? this.#sequences.pop() : sequence;
    if (cursor === undefined || itsSequence === undefined || this.#cursors.length === 0) return;
    let at = 0;
    for (;;) {
      const child = this.#lowerChild(at);
      if (child === null || (this.#sequences[child] as number) >= itsSequence) break;
      this.#put(at, this.#cursors[child] as PartitionCursor, this.#sequences[child] as number);
      at = child;
    }
    this.#put(at, cursor, itsSequence);
  }

  #lowerChild(at: number): number | null {
    const left = 2 * at + 1;
    if (left >= this.#sequences.length) return null;
    const right = left + 1;
    if (right >= this.#sequences.length) return left;
    return (this.#sequences[right] as number) < (this.#sequences[left] as number) ? right : left;
  }

  #put(at: number, cursor: PartitionCursor, sequence: number): void {
    this.#cursors[at] = cursor;
    this.#sequences[at] = sequence;
  }
}
