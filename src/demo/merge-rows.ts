const SHOWN_LENGTH = 200;

/** A row as text, with the text of its key; both sides come sorted by the key's UTF-8 bytes. */
export interface ComparableRow {
  readonly key: string;
  readonly content: string;
}

/** One disagreement between the two sides. */
export type MergeDifference =
  | { readonly kind: 'missing'; readonly key: string; readonly source: string }
  | { readonly kind: 'extra'; readonly key: string; readonly target: string }
  | {
      readonly kind: 'different';
      readonly key: string;
      readonly source: string;
      readonly target: string;
    };

/** Walks both sides once, side by side, holding one row of each. */
export async function* mergeRows(
  source: AsyncIterable<ComparableRow>,
  target: AsyncIterable<ComparableRow>,
): AsyncGenerator<MergeDifference> {
  const left = source[Symbol.asyncIterator]();
  const right = target[Symbol.asyncIterator]();
  try {
    let a = await left.next();
    let b = await right.next();
    while (a.done !== true || b.done !== true) {
      const order =
        a.done === true ? 1 : b.done === true ? -1 : compareBytes(a.value.key, b.value.key);
      if (order < 0 && a.done !== true) {
        yield { kind: 'missing', key: a.value.key, source: clip(a.value.content, 0) };
      } else if (order > 0 && b.done !== true) {
        yield { kind: 'extra', key: b.value.key, target: clip(b.value.content, 0) };
      } else if (a.done !== true && b.done !== true && a.value.content !== b.value.content) {
        const [ours, theirs] = clipAroundDifference(a.value.content, b.value.content);
        yield { kind: 'different', key: a.value.key, source: ours, target: theirs };
      }
      if (order <= 0) a = await left.next();
      if (order >= 0) b = await right.next();
    }
  } finally {
    await left.return?.();
    await right.return?.();
  }
}

/** A value may be megabytes long: what is shown begins shortly before the first difference. */
function clipAroundDifference(ours: string, theirs: string): [string, string] {
  let same = 0;
  while (same < ours.length && ours.charCodeAt(same) === theirs.charCodeAt(same)) same++;
  const start = same < SHOWN_LENGTH / 2 ? 0 : same - SHOWN_LENGTH / 4;
  return [clip(ours, start), clip(theirs, start)];
}

function clip(text: string, start: number): string {
  const end = start + SHOWN_LENGTH;
  return `${start > 0 ? '…' : ''}${text.slice(start, end)}${end < text.length ? '…' : ''}`;
}

/** JavaScript compares UTF-16 units, which sort otherwise than UTF-8 bytes beyond the BMP. */
function compareBytes(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}
