import type { ByteWriter } from '../../src/foundation/byte-writer.ts';
import type { BinlogValueWriter } from './binlog-column.ts';
import { behind, invalidValue } from './binlog-value-bounds.ts';
import { writeInteger, writeSigned64, writeUnsigned64 } from './digit-writer.ts';
import { isContainer, isObject, JsonLayout, JsonType, MOST_JSON_DEPTH } from './json-layout.ts';
import { writeOpaque } from './json-opaque.ts';
import { writeJsonString } from './json-string.ts';
import { doubleText } from './mysql-number-text.ts';
import { unsignedInteger } from './unsigned-integer.ts';

const COMMA = 0x2c;
const COLON = 0x3a;
const SPACE = 0x20;
const LITERALS = ['null', 'true', 'false'] as const;
/** Five groups of seven bits hold any length. */
const MOST_LENGTH_BYTES = 5;

/**
 * MySQL's binary JSON as the text that the server prints: keys in stored order, a blank behind
 * colons and commas. Offsets could lead to the same bytes again and again, so that a small document
 * would print without end; in a real one no byte is part of two values, which bounds the work.
 */
export class JsonPrinter {
  #layouts: JsonLayout[] = [];
  #bytes: Buffer = Buffer.alloc(0);
  /** Bytes of the document that no value has used. */
  #unused = 0;

  /** A document; no bytes at all are a JSON null, which INSERT IGNORE leaves (PITFALLS B81). */
  print(bytes: Buffer, start: number, end: number, out: ByteWriter): void {
    this.allow(end - start);
    if (start === end) out.ascii('null');
    else this.printValue(bytes, bytes[start] as number, start + 1, end, out);
  }

  /** How many bytes the values that follow have together. */
  allow(count: number): void {
    this.#unused = count;
  }

  /** A value of a document, by its type and where its bytes start. */
  printValue(bytes: Buffer, type: number, start: number, end: number, out: ByteWriter): void {
    this.#bytes = bytes;
    this.#value(type, start, end, 0, out);
  }

  #value(type: number, start: number, end: number, depth: number, out: ByteWriter): void {
    if (isContainer(type)) this.#container(type, start, end, depth, out);
    else if (type === JsonType.string || type === JsonType.opaque) {
      this.#text(type, start, end, out);
    } else this.#scalar(type, start, end, out);
  }

  #container(type: number, start: number, end: number, depth: number, out: ByteWriter): void {
    if (depth >= MOST_JSON_DEPTH) this.#fail('JSON nested too deeply', start, end);
    const layout = (this.#layouts[depth] ??= new JsonLayout());
    layout.open(this.#bytes, type, start, end);
    this.use(layout.headBytes, start, end);
    const object = isObject(type);
    out.u8(object ? 0x7b : 0x5b);
    for (let i = 0; i < layout.count; i++) {
      if (i > 0) {
        out.u8(COMMA);
        out.u8(SPACE);
      }
      if (object) this.#key(layout, i, out);
      this.#value(layout.valueType(i), layout.valueStart(i), layout.end, depth + 1, out);
    }
    out.u8(object ? 0x7d : 0x5d);
  }

  #key(layout: JsonLayout, index: number, out: ByteWriter): void {
    const start = layout.keyStart(index);
    const length = layout.keyLength(index);
    const next = behind(this.#bytes, start, layout.end, length);
    this.use(length, start, next);
    writeJsonString(this.#bytes, start, next, out);
    out.u8(COLON);
    out.u8(SPACE);
  }

  #scalar(type: number, start: number, end: number, out: ByteWriter): void {
    const bytes = this.#bytes;
    switch (type) {
      case JsonType.literal: {
        behind(bytes, start, end, 1);
        const literal = LITERALS[bytes[start] as number];
        if (literal === undefined) this.#fail('no JSON literal', start, end);
        out.ascii(literal);
        return;
      }
      case JsonType.int16:
        behind(bytes, start, end, 2);
        writeInteger(out, bytes.readInt16LE(start));
        return;
      case JsonType.uint16:
        behind(bytes, start, end, 2);
        writeInteger(out, bytes.readUInt16LE(start));
        return;
      case JsonType.int32:
        behind(bytes, start, end, 4);
        writeInteger(out, bytes.readInt32LE(start));
        return;
      case JsonType.uint32:
        behind(bytes, start, end, 4);
        writeInteger(out, bytes.readUInt32LE(start));
        return;
      default:
        this.#wide(type, start, end, out);
    }
  }

  #wide(type: number, start: number, end: number, out: ByteWriter): void {
    const bytes = this.#bytes;
    this.use(8, start, behind(bytes, start, end, 8));
    switch (type) {
      case JsonType.int64:
        writeSigned64(out, bytes.readUInt32LE(start + 4), bytes.readUInt32LE(start));
        return;
      case JsonType.uint64:
        writeUnsigned64(out, bytes.readUInt32LE(start + 4), bytes.readUInt32LE(start));
        return;
      case JsonType.double: {
        const value = bytes.readDoubleLE(start);
        if (!Number.isFinite(value)) this.#fail('no finite number in JSON', start, end);
        out.ascii(jsonDoubleText(value));
        return;
      }
      default:
        this.#fail(`JSON type ${type}`, start, end);
    }
  }

  /** Strings and opaque values: their length in groups of seven bits, lowest first. */
  #text(type: number, start: number, end: number, out: ByteWriter): void {
    const bytes = this.#bytes;
    const opaque = type === JsonType.opaque;
    let at = opaque ? behind(bytes, start, end, 1) : start;
    let length = 0;
    for (let i = 0, unit = 1; ; i++, unit *= 128) {
      if (i === MOST_LENGTH_BYTES) this.#fail('a length in JSON', start, end);
      const byte = bytes[at] as number;
      at = behind(bytes, at, end, 1);
      length += (byte & 0x7f) * unit;
      if (byte < 0x80) break;
    }
    const next = behind(bytes, at, end, length);
    this.use(next - start, start, next);
    if (opaque) writeOpaque(bytes[start] as number, bytes, at, next, out);
    else writeJsonString(bytes, at, next, out);
  }

  /** @throws DecodeError when more is used than there is */
  use(count: number, start: number, end: number): void {
    this.#unused -= count;
    if (this.#unused < 0) this.#fail('JSON values that share bytes', start, end);
  }

  #fail(what: string, start: number, end: number): never {
    invalidValue(what, this.#bytes, start, end);
  }
}

/** A double always shows that it is one: `1.0`, `1e16` (PITFALLS B82). */
export function jsonDoubleText(value: number): string {
  const text = doubleText(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** A JSON column, behind a length of `prefix` bytes. */
export function jsonWriter(prefix: number): BinlogValueWriter {
  const printer = new JsonPrinter();
  return (bytes, at, end, out) => {
    const start = behind(bytes, at, end, prefix);
    const next = behind(bytes, start, end, unsignedInteger(bytes, at, prefix));
    printer.print(bytes, start, next, out);
    return next;
  };
}
