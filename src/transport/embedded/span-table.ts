import { firstBehind, partitionId } from './segment-index.ts';
import type { Span } from './segment-summary.ts';

/** The spans of all segments by partition, in the order of offsets. They are always disjoint. */
export class SpanTable {
  readonly #spans = new Map<number, Span[]>();

  clear(): void {
    this.#spans.clear();
  }

  /** The spans that reach beyond `offset`. */
  *behind(storage: number, partition: number, offset: number): Generator<Span> {
    const spans = this.#spans.get(partitionId(storage, partition)) ?? [];
    for (let i = firstBehind(spans, offset); i < spans.length; i++) yield spans[i] as Span;
  }

  /** The span that holds `offset`, or the next one. */
  at(storage: number, partition: number, offset: number): Span | undefined {
    const spans = this.#spans.get(partitionId(storage, partition)) ?? [];
    return spans[firstBehind(spans, offset)];
  }

  insert(span: Span): void {
    const id = partitionId(span.storage, span.partition);
    const spans = this.#spans.get(id);
    if (spans === undefined) this.#spans.set(id, [span]);
    else spans.splice(firstBehind(spans, span.firstOffset), 0, span);
  }

  /** Puts others in the place of a span; none removes it. */
  replace(span: Span, others: readonly Span[]): void {
    const id = partitionId(span.storage, span.partition);
    const spans = this.#spans.get(id) ?? [];
    spans.splice(firstBehind(spans, span.firstOffset), 1, ...others);
    if (spans.length === 0) this.#spans.delete(id);
  }
}
