import type { ByteWriter } from '../../src/foundation/byte-writer.ts';
import type { BinlogValueWriter } from './binlog-column.ts';
import { behind } from './binlog-value-bounds.ts';
import type { TextConverter } from './mysql-charsets.ts';
import { unsignedInteger } from './unsigned-integer.ts';

/** Bytes that are UTF-8 already, or no text, stay as they are. */
export const appendCopied: TextConverter = (bytes, start, end, out) => {
  out.range(bytes, start, end);
};

/**
 * A value behind its length, little-endian in `prefix` bytes: CHAR, VARCHAR, BLOB and their like.
 * Without a converter the bytes stay as they are.
 */
export function prefixedWriter(prefix: number, convert: TextConverter | null): BinlogValueWriter {
  const append = convert ?? appendCopied;
  return (bytes, at, end, out) => {
    const start = behind(bytes, at, end, prefix);
    const next = behind(bytes, start, end, unsignedInteger(bytes, at, prefix));
    append(bytes, start, next, out);
    return next;
  };
}

/**
 * BINARY(n), whose zeros at the end the server leaves out (PITFALLS B63): exactly `size` bytes
 * again.
 */
export function paddedWriter(prefix: number, size: number): BinlogValueWriter {
  return (bytes, at, end, out) => {
    const start = behind(bytes, at, end, prefix);
    const next = behind(bytes, start, end, unsignedInteger(bytes, at, prefix));
    appendPadded(bytes, start, next, size, out);
    return next;
  };
}

/** The bytes, and zeros up to `size`. */
export function appendPadded(
  bytes: Buffer,
  start: number,
  end: number,
  size: number,
  out: ByteWriter,
): void {
  out.range(bytes, start, end);
  const missing = size - (end - start);
  if (missing <= 0) return;
  out.reserve(missing);
  out.bytes.fill(0, out.position, out.position + missing);
  out.position += missing;
}
