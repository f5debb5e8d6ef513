import { ByteReader } from '../../../foundation/byte-reader.ts';
import { RowImage, ValueKind } from '../../../model/row-image.ts';
import { PgoutputKind, readControlMessage } from './pgoutput-control.ts';
import type { ControlMessage } from './pgoutput-message.ts';

const NULL_VALUE = 0x6e; // n
const UNCHANGED_TOAST = 0x75; // u
const TEXT_VALUE = 0x74; // t
const NEW_TUPLE = 0x4e; // N
const KEY_TUPLE = 0x4b; // K
const OLD_TUPLE = 0x4f; // O

/** Messages that carry an xid in front of their body inside a stream block (P2). */
function hasStreamXid(kind: number): boolean {
  switch (kind) {
    case PgoutputKind.insert:
    case PgoutputKind.update:
    case PgoutputKind.delete:
    case PgoutputKind.relation:
    case PgoutputKind.type:
    case PgoutputKind.truncate:
    case PgoutputKind.message:
      return true;
    default:
      return false;
  }
}

/**
 * Decodes pgoutput messages where they lie. `open` tells the kind, and of a row change the relation
 * id, so that a table nobody captures costs no more; `rows` then fills the reused images.
 * Bytes that are no message throw DecodeError, and nothing else does.
 */
export class PgoutputDecoder {
  /** Of the open message; 0 outside a stream block. */
  streamXid = 0;
  /** Of the open row change. */
  relationId = 0;
  /** After `rows`: which images were filled. */
  hasBefore = false;
  hasAfter = false;
  /** The old image is a `K` tuple: only identity columns are known (P3). */
  beforeIsKeyOnly = false;
  readonly before = new RowImage();
  readonly after = new RowImage();
  readonly #reader = new ByteReader();
  #kind = 0;
  #inStream = false;

  /** The kind of the message in `bytes[start, end)`; a byte of `PgoutputKind`, or unknown. */
  open(bytes: Buffer, start: number, end: number): number {
    const reader = this.#reader;
    reader.reset(bytes, start, end);
    const kind = reader.u8();
    this.#kind = kind;
    this.streamXid = this.#inStream && hasStreamXid(kind) ? reader.u32be() : 0;
    if (
      kind === PgoutputKind.insert ||
      kind === PgoutputKind.update ||
      kind === PgoutputKind.delete
    ) {
      this.relationId = reader.u32be();
    }
    return kind;
  }

  /** The open message, which is no row change, as an object. */
  control(): ControlMessage {
    const reader = this.#reader;
    const message = readControlMessage(this.#kind, reader);
    if (reader.remaining !== 0) reader.fail('bytes after the message');
    if (message.kind === 'stream-start') this.#inStream = true;
    if (message.kind === 'stream-stop') this.#inStream = false;
    return message;
  }

  /** Fills the images of the open row change; each has to have `columnCount` values (P17). */
  rows(columnCount: number): void {
    const reader = this.#reader;
    this.hasBefore = false;
    this.hasAfter = false;
    this.beforeIsKeyOnly = false;
    let tag = reader.u8();
    if (this.#kind !== PgoutputKind.insert && (tag === KEY_TUPLE || tag === OLD_TUPLE)) {
      this.#tuple(this.before, columnCount);
      this.hasBefore = true;
      this.beforeIsKeyOnly = tag === KEY_TUPLE;
      if (this.#kind === PgoutputKind.update) tag = reader.u8();
    }
    if (this.#kind === PgoutputKind.delete) {
      if (!this.hasBefore) reader.fail(`tuple tag ${tag} in a delete`);
    } else {
      if (tag !== NEW_TUPLE) reader.fail(`tuple tag ${tag}`);
      this.#tuple(this.after, columnCount);
      this.hasAfter = true;
    }
    if (reader.remaining !== 0) reader.fail('bytes after the row');
    if (this.hasAfter && this.hasBefore && !this.beforeIsKeyOnly) this.#fillUnchanged();
  }

  /**
   * The hot loop: bounds are checked here by hand against the end of the frame, because a call per
   * value would cost more than the rest.
   */
  #tuple(image: RowImage, columnCount: number): void {
    const reader = this.#reader;
    const { bytes, end } = reader;
    const count = reader.u16be();
    if (count !== columnCount) {
      reader.fail(`${count} values for relation ${this.relationId} of ${columnCount} columns`);
    }
    image.reset(bytes, count);
    const { kinds, starts, ends } = image;
    let at = reader.position;
    for (let i = 0; i < count; i++) {
      if (at >= end) this.#fail('a value wanted', at);
      const tag = bytes[at++];
      if (tag === TEXT_VALUE) {
        if (at + 4 > end) this.#fail('a length wanted', at);
        const length =
          ((bytes[at] as number) << 24) |
          ((bytes[at + 1] as number) << 16) |
          ((bytes[at + 2] as number) << 8) |
          (bytes[at + 3] as number);
        at += 4;
        if (length < 0 || length > end - at) this.#fail(`a value of ${length} bytes`, at);
        kinds[i] = ValueKind.text;
        starts[i] = at;
        at += length;
        ends[i] = at;
      } else if (tag === NULL_VALUE) {
        kinds[i] = ValueKind.null;
      } else if (tag === UNCHANGED_TOAST) {
        kinds[i] = ValueKind.absent;
      } else {
        // `b` included: text was asked for, and a server that ignores that would corrupt values.
        this.#fail(`value tag ${String(tag)}`, at - 1);
      }
    }
    reader.position = at;
  }

  #fail(what: string, at: number): never {
    this.#reader.position = at;
    return this.#reader.fail(what);
  }

  /** The server flattens a full old tuple: what the new one left out stands there (P6). */
  #fillUnchanged(): void {
    const { before, after } = this;
    for (let i = 0; i < after.count; i++) {
      if (after.kinds[i] !== ValueKind.absent) continue;
      after.kinds[i] = before.kinds[i] as number;
      after.starts[i] = before.starts[i] as number;
      after.ends[i] = before.ends[i] as number;
    }
  }
}
