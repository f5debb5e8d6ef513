/** What stands at a column of a row image. `absent` = unchanged TOAST: not sent, not null. */
export const ValueKind = { null: 0, absent: 1, text: 2 } as const;
export type ValueKind = (typeof ValueKind)[keyof typeof ValueKind];

/**
 * One row as the source sent it: for each tuple column a kind and a range of `bytes`. Reused from
 * row to row; `bytes` belongs to the connection and is valid only inside the receiver's call.
 * Whoever keeps a row copies it (`copyFrom`).
 */
export class RowImage {
  bytes: Buffer = Buffer.alloc(0);
  count = 0;
  kinds: Uint8Array = new Uint8Array(32);
  starts: Int32Array = new Int32Array(32);
  ends: Int32Array = new Int32Array(32);

  /** Room for `count` columns; contents are undefined until set. */
  reset(bytes: Buffer, count: number): void {
    this.bytes = bytes;
    this.count = count;
    if (count > this.kinds.length) {
      const capacity = Math.max(count, this.kinds.length * 2);
      this.kinds = new Uint8Array(capacity);
      this.starts = new Int32Array(capacity);
      this.ends = new Int32Array(capacity);
    }
  }

  /**
   * The text of a column; null for null, undefined for absent. Slow: for tests and the general
   * path.
   */
  text(index: number, encoding: 'utf8' | 'latin1' = 'utf8'): string | null | undefined {
    const kind = this.kinds[index];
    if (kind === ValueKind.null) return null;
    if (kind === ValueKind.absent) return undefined;
    return this.bytes.toString(encoding, this.starts[index], this.ends[index]);
  }

  copyFrom(other: RowImage): void {
    let total = 0;
    for (let i = 0; i < other.count; i++) {
      if (other.kinds[i] === ValueKind.text)
        total += (other.ends[i] as number) - (other.starts[i] as number);
    }
    this.reset(Buffer.allocUnsafe(total), other.count);
    let at = 0;
    for (let i = 0; i < other.count; i++) {
      this.kinds[i] = other.kinds[i] as number;
      this.starts[i] = at;
      if (other.kinds[i] === ValueKind.text) {
        at += other.bytes.copy(this.bytes, at, other.starts[i], other.ends[i]);
      }
      this.ends[i] = at;
    }
  }

  /** For tests and tools: a row from texts; `undefined` is absent. */
  static of(values: readonly (string | null | undefined)[]): RowImage {
    const image = new RowImage();
    const parts = values.map((value) => Buffer.from(value ?? ''));
    image.reset(Buffer.concat(parts), values.length);
    let at = 0;
    values.forEach((value, i) => {
      image.kinds[i] =
        value === null ? ValueKind.null : value === undefined ? ValueKind.absent : ValueKind.text;
      image.starts[i] = at;
      at += (parts[i] as Buffer).length;
      image.ends[i] = at;
    });
    return image;
  }
}
