/**
 * A growing byte buffer. Encoders write straight into it; nothing is
 * allocated per row. `position` may be moved back to undo or to patch a length.
 */
export class ByteWriter {
  bytes: Buffer;
  /** Over `bytes`, for writing several bytes at once without alignment. */
  view: DataView;
  position = 0;

  constructor(initialBytes = 64 * 1024) {
    this.bytes = Buffer.allocUnsafeSlow(initialBytes);
    this.view = viewOf(this.bytes);
  }

  /** Makes room for `count` more bytes; call before writing to `bytes` directly. */
  reserve(count: number): void {
    const needed = this.position + count;
    if (needed <= this.bytes.length) return;
    let capacity = this.bytes.length * 2;
    while (capacity < needed) capacity *= 2;
    const grown = Buffer.allocUnsafeSlow(capacity);
    this.bytes.copy(grown, 0, 0, this.position);
    this.bytes = grown;
    this.view = viewOf(grown);
  }

  u8(value: number): void {
    this.reserve(1);
    this.bytes[this.position++] = value;
  }

  u16be(value: number): void {
    this.reserve(2);
    this.position = this.bytes.writeUInt16BE(value, this.position);
  }

  u32be(value: number): void {
    this.reserve(4);
    this.position = this.bytes.writeUInt32BE(value, this.position);
  }

  i32be(value: number): void {
    this.reserve(4);
    this.position = this.bytes.writeInt32BE(value, this.position);
  }

  i64be(value: bigint): void {
    this.reserve(8);
    this.position = this.bytes.writeBigInt64BE(value, this.position);
  }

  u64le(value: bigint): void {
    this.reserve(8);
    this.position = this.bytes.writeBigUInt64LE(value, this.position);
  }

  /** Copies prepared bytes. */
  raw(source: Buffer): void {
    const count = source.length;
    this.reserve(count);
    this.bytes.set(source, this.position);
    this.position += count;
  }

  /** Copies `source[start, end)`. Short ranges are copied by hand: a call into C++ costs more. */
  range(source: Buffer, start: number, end: number): void {
    const count = end - start;
    this.reserve(count);
    const target = this.bytes;
    let at = this.position;
    if (count < 48) {
      for (let i = start; i < end; i++) target[at++] = source[i] as number;
    } else {
      source.copy(target, at, start, end);
      at += count;
    }
    this.position = at;
  }

  /** ASCII text, one byte a character; for digits and constants, never for user text. */
  ascii(text: string): void {
    const count = text.length;
    this.reserve(count);
    const target = this.bytes;
    let at = this.position;
    for (let i = 0; i < count; i++) target[at++] = text.charCodeAt(i);
    this.position = at;
  }

  utf8(text: string): void {
    this.reserve(text.length * 3);
    this.position += this.bytes.write(text, this.position, 'utf8');
  }

  /** A view of what has been written; valid until the next write. */
  written(from = 0): Buffer {
    return this.bytes.subarray(from, this.position);
  }

  clear(): void {
    this.position = 0;
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
