import { inflateRawSync, inflateSync } from 'node:zlib';
import type { BinlogValueWriter } from './binlog-column.ts';
import { appendCopied } from './binlog-strings.ts';
import { behind, invalidValue } from './binlog-value-bounds.ts';
import type { TextConverter } from './mysql-charsets.ts';

/** A column cannot hold more, and no header may make us allocate more. */
const MOST_BYTES = 0x4000_0000;
const ZLIB = 8;
/** Deflate without zlib's own frame. */
const RAW = 8;

/**
 * MariaDB's COMPRESSED columns (PITFALLS B65): a byte that says how, 0 for not at all; else the
 * length of the value, big-endian, and its deflated bytes.
 */
export function compressedWriter(prefix: number, convert: TextConverter | null): BinlogValueWriter {
  const append = convert ?? appendCopied;
  return (bytes, at, end, out) => {
    const start = behind(bytes, at, end, prefix);
    const next = behind(bytes, start, end, bytes.readUIntLE(at, prefix));
    if (start === next) return next;
    if (bytes[start] === 0) append(bytes, start + 1, next, out);
    else {
      const value = inflated(bytes, start, next);
      append(value, 0, value.length, out);
    }
    return next;
  };
}

function inflated(bytes: Buffer, start: number, end: number): Buffer {
  const header = bytes[start] as number;
  const lengthBytes = header & 7;
  if (header >> 4 !== ZLIB || lengthBytes < 1 || lengthBytes > 4) {
    invalidValue(`compression ${header} of a column`, bytes, start, end);
  }
  const data = behind(bytes, start + 1, end, lengthBytes);
  const length = bytes.readUIntBE(start + 1, lengthBytes);
  if (length > MOST_BYTES) invalidValue('too large a compressed value', bytes, start, end);
  const inflate = (header & RAW) === 0 ? inflateSync : inflateRawSync;
  let value: Buffer;
  try {
    value = inflate(bytes.subarray(data, end), { maxOutputLength: Math.max(length, 1) });
  } catch {
    return invalidValue('a damaged compressed value', bytes, start, end);
  }
  if (value.length !== length) {
    invalidValue('a compressed value of another length', bytes, start, end);
  }
  return value;
}
