import { behind, invalidValue } from './binlog-value-bounds.ts';
import { unsignedInteger } from './unsigned-integer.ts';

/** Types of values in MySQL's binary JSON. */
export const JsonType = {
  smallObject: 0x00,
  largeObject: 0x01,
  smallArray: 0x02,
  largeArray: 0x03,
  literal: 0x04,
  int16: 0x05,
  uint16: 0x06,
  int32: 0x07,
  uint32: 0x08,
  int64: 0x09,
  uint64: 0x0a,
  double: 0x0b,
  string: 0x0c,
  opaque: 0x0f,
} as const;

/** Deeper documents no server stores. */
export const MOST_JSON_DEPTH = 100;

/** Whether the type holds others. */
export function isContainer(type: number): boolean {
  return type <= JsonType.largeArray;
}

/** Whether the type is one of the two objects. */
export function isObject(type: number): boolean {
  return type <= JsonType.largeObject;
}

/**
 * Where the parts of an object or array lie: counts and sizes have two bytes, in the large forms
 * four. Parts are found by their offsets only, since updates in place leave holes (PITFALLS B81).
 * One instance serves one level; `open` points it at a container.
 */
export class JsonLayout {
  count = 0;
  /** End of the container's bytes. */
  end = 0;
  /** Bytes of the header and the entries. */
  headBytes = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #width = 2;
  #values = 0;

  /** @throws DecodeError when the container reaches over `end` */
  open(bytes: Buffer, type: number, start: number, end: number): void {
    const large = type === JsonType.largeObject || type === JsonType.largeArray;
    const width = large ? 4 : 2;
    behind(bytes, start, end, 2 * width);
    const count = unsignedInteger(bytes, start, width);
    const size = unsignedInteger(bytes, start + width, width);
    const keyBytes = isObject(type) ? count * (width + 2) : 0;
    this.headBytes = 2 * width + keyBytes + count * (width + 1);
    if (size > end - start || this.headBytes > size) {
      invalidValue('a JSON container larger than its bytes', bytes, start, end);
    }
    this.#bytes = bytes;
    this.#start = start;
    this.#width = width;
    this.#values = start + 2 * width + keyBytes;
    this.count = count;
    this.end = start + size;
  }

  keyStart(index: number): number {
    const entry = this.#start + 2 * this.#width + index * (this.#width + 2);
    return this.#at(unsignedInteger(this.#bytes, entry, this.#width));
  }

  keyLength(index: number): number {
    const entry = this.#start + 2 * this.#width + index * (this.#width + 2);
    return unsignedInteger(this.#bytes, entry + this.#width, 2);
  }

  valueType(index: number): number {
    return this.#bytes[this.#values + index * (this.#width + 1)] as number;
  }

  /** Where the value's bytes lie: in its entry, when it is small enough. */
  valueStart(index: number): number {
    const entry = this.#values + index * (this.#width + 1);
    const type = this.#bytes[entry] as number;
    const inlined =
      (type >= JsonType.literal && type <= JsonType.uint16) ||
      (this.#width === 4 && (type === JsonType.int32 || type === JsonType.uint32));
    return inlined ? entry + 1 : this.#at(unsignedInteger(this.#bytes, entry + 1, this.#width));
  }

  #at(offset: number): number {
    const at = this.#start + offset;
    if (at > this.end) {
      invalidValue('a JSON offset behind its container', this.#bytes, this.#start, this.end);
    }
    return at;
  }
}
