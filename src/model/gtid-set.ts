import { ByteReader, DecodeError } from '../foundation/byte-reader.ts';
import { ByteWriter } from '../foundation/byte-writer.ts';
import { TidemarkError } from '../foundation/errors.ts';

/** Transactions `first` to `last` of one source, both included. */
export interface GtidInterval {
  readonly first: bigint;
  readonly last: bigint;
}

/** The largest number that a server gives: the end of an interval, one higher, still fits. */
const LAST_NUMBER = 2n ** 63n - 2n;
const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const TAG = /^[a-z_][a-z0-9_]{0,31}$/i;
const INTERVAL = /^(\d{1,19})(?:-(\d{1,19}))?$/;

/**
 * A set of MySQL's GTIDs, tagged ones (8.3) included (PITFALLS B22 to B24). A source is `uuid` or
 * `uuid:tag`; its intervals are sorted, and neither overlap nor touch.
 */
export class GtidSet {
  readonly #sources = new Map<string, GtidInterval[]>();

  /** Reads `uuid:1-3:7:tag:1,…`; spaces and line ends between the parts do not matter. */
  static parse(text: string): GtidSet {
    const set = new GtidSet();
    for (const part of text.replaceAll(/\s+/g, '').split(',')) {
      if (part !== '') set.#addText(part);
    }
    return set;
  }

  /**
   * Reads the form of PREVIOUS_GTIDS and of the dump command.
   * @throws DecodeError
   */
  static decode(reader: ByteReader): GtidSet {
    const set = new GtidSet();
    const { tagged, count } = readHeader(reader);
    for (let i = 0; i < count; i++) {
      const uuid = uuidText(reader.take(16));
      const source = tagged ? withTag(uuid, readTag(reader)) : uuid;
      if (set.#sources.has(source)) reader.fail(`${source} again`);
      // No more than the bytes that are there can hold.
      const intervals = reader.u64le();
      if (intervals * 16n > reader.remaining) reader.fail(`${intervals} intervals`);
      let previous = 0n;
      for (let left = intervals; left > 0n; left--) {
        const first = reader.u64le();
        const behind = reader.u64le();
        if (first <= previous || behind <= first || behind > LAST_NUMBER + 1n) {
          reader.fail(`interval ${first} to ${behind}`);
        }
        previous = behind - 1n;
        set.#addInterval(source, first, previous);
      }
    }
    return set;
  }

  /** The bytes for COM_BINLOG_DUMP_GTID; the tagged form only where there are tags (B24). */
  encode(): Buffer {
    const sources = this.#sorted();
    const tagged = sources.some(([source]) => source.length > 36);
    const writer = new ByteWriter(256);
    const count = BigInt(sources.length);
    writer.u64le(tagged ? 1n | (count << 8n) | (1n << 56n) : count);
    for (const [source, intervals] of sources) {
      writer.raw(Buffer.from(source.slice(0, 36).replaceAll('-', ''), 'hex'));
      if (tagged) {
        const tag = source.slice(37);
        writer.u8(tag.length << 1);
        writer.ascii(tag);
      }
      writer.u64le(BigInt(intervals.length));
      for (const { first, last } of intervals) {
        writer.u64le(first);
        writer.u64le(last + 1n);
      }
    }
    return Buffer.from(writer.written());
  }

  get isEmpty(): boolean {
    return this.#sources.size === 0;
  }

  /** One transaction; `tag` is empty where there is none. */
  add(uuid: string, tag: string, number: bigint): void {
    this.#addInterval(withTag(uuid, tag), number, number);
  }

  merge(other: GtidSet): void {
    for (const [source, intervals] of other.#sources) {
      this.#sources.set(source, union(this.#sources.get(source) ?? [], intervals));
    }
  }

  /** What is here and not in `other`: gaps, or what a server purged. */
  subtract(other: GtidSet): GtidSet {
    const left = new GtidSet();
    for (const [source, intervals] of this.#sources) {
      const holes = other.#sources.get(source) ?? [];
      const rest = intervals.flatMap((interval) => withoutHoles(interval, holes));
      if (rest.length > 0) left.#sources.set(source, rest);
    }
    return left;
  }

  /** Whether this one transaction is in. */
  has(uuid: string, tag: string, number: bigint): boolean {
    const intervals = this.#sources.get(withTag(uuid, tag)) ?? [];
    // Nearly always it is a new one.
    if (number > (intervals.at(-1)?.last ?? 0n)) return false;
    return intervals.some(({ first, last }) => first <= number && number <= last);
  }

  contains(other: GtidSet): boolean {
    return other.subtract(this).isEmpty;
  }

  equals(other: GtidSet): boolean {
    return this.contains(other) && other.contains(this);
  }

  clone(): GtidSet {
    const copy = new GtidSet();
    for (const [source, intervals] of this.#sources) copy.#sources.set(source, [...intervals]);
    return copy;
  }

  /** As the server prints it, but without its line ends: `uuid:1-3:7:tag:1,uuid2:1`. */
  toString(): string {
    let text = '';
    let previous = '';
    for (const [source, intervals] of this.#sorted()) {
      const uuid = source.slice(0, 36);
      if (uuid !== previous) text += text === '' ? uuid : `,${uuid}`;
      previous = uuid;
      if (source.length > 36) text += source.slice(36);
      for (const { first, last } of intervals) {
        text += first === last ? `:${first}` : `:${first}-${last}`;
      }
    }
    return text;
  }

  /** By uuid, the untagged source of one first. */
  #sorted(): readonly (readonly [string, readonly GtidInterval[]])[] {
    return [...this.#sources].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** `uuid:1-3:tag:1`: a part that is no interval names the tag of those behind it. */
  #addText(text: string): void {
    const [uuid = '', ...parts] = text.split(':');
    if (!UUID.test(uuid) || parts.length === 0) notASet(text);
    const bare = uuid.replaceAll('-', '').toLowerCase();
    const plain = uuidText(Buffer.from(bare, 'hex'));
    let source = plain;
    let hasInterval = false;
    for (const part of parts) {
      const match = INTERVAL.exec(part);
      if (match === null) {
        if (!TAG.test(part) || (source !== plain && !hasInterval)) notASet(text);
        source = withTag(plain, part.toLowerCase());
        hasInterval = false;
        continue;
      }
      const first = BigInt(match[1] as string);
      const last = match[2] === undefined ? first : BigInt(match[2]);
      if (first < 1n || last < first || last > LAST_NUMBER) notASet(text);
      this.#addInterval(source, first, last);
      hasInterval = true;
    }
    if (!hasInterval) notASet(text);
  }

  #addInterval(source: string, first: bigint, last: bigint): void {
    const intervals = this.#sources.get(source);
    if (intervals === undefined) {
      this.#sources.set(source, [{ first, last }]);
      return;
    }
    // Nearly always the next transaction of the last interval.
    const end = intervals.length - 1;
    const tail = intervals[end] as GtidInterval;
    if (first > tail.last) {
      if (first === tail.last + 1n) intervals[end] = { first: tail.first, last };
      else intervals.push({ first, last });
      return;
    }
    this.#sources.set(source, union(intervals, [{ first, last }]));
  }
}

/** Two sorted lists as one; intervals that meet or touch are joined. */
function union(a: readonly GtidInterval[], b: readonly GtidInterval[]): GtidInterval[] {
  const joined: GtidInterval[] = [];
  for (const next of [...a, ...b].sort((x, y) => (x.first < y.first ? -1 : 1))) {
    const end = joined.at(-1);
    if (end === undefined || next.first > end.last + 1n) joined.push(next);
    else if (next.last > end.last) joined[joined.length - 1] = { ...end, last: next.last };
  }
  return joined;
}

function withoutHoles(interval: GtidInterval, holes: readonly GtidInterval[]): GtidInterval[] {
  const rest: GtidInterval[] = [];
  let { first } = interval;
  for (const hole of holes) {
    if (hole.last < first) continue;
    if (hole.first > interval.last) break;
    if (hole.first > first) rest.push({ first, last: hole.first - 1n });
    first = hole.last + 1n;
  }
  if (first <= interval.last) rest.push({ first, last: interval.last });
  return rest;
}

/**
 * Eight bytes: the count, or, where tags may come, a one at either end and the count between them.
 */
function readHeader(reader: ByteReader): { tagged: boolean; count: number } {
  const header = reader.u64le();
  const format = header >> 56n;
  if (format > 1n || (format === 1n && (header & 0xffn) !== 1n)) {
    reader.fail(`format ${format} of a GTID set`);
  }
  const tagged = format === 1n;
  const count = tagged ? (header >> 8n) & 0xffff_ffff_ffffn : header;
  // 16 bytes of uuid and 8 of the count of intervals each, at least.
  if (count * 24n > reader.remaining) reader.fail(`${count} sources`);
  return { tagged, count: Number(count) };
}

/** A length that stands in the upper seven bits, and so many letters. */
function readTag(reader: ByteReader): string {
  const length = reader.u8();
  if ((length & 1) !== 0 || length > 64) reader.fail(`length ${length} of a tag`);
  const tag = reader.take(length >> 1).toString('latin1');
  if (tag !== '' && !TAG.test(tag)) reader.fail('letters of a tag');
  return tag.toLowerCase();
}

function withTag(uuid: string, tag: string): string {
  return tag === '' ? uuid : `${uuid}:${tag}`;
}

/** Sixteen bytes as `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`. */
export function uuidText(bytes: Buffer): string {
  const hex = bytes.toString('hex', 0, 16);
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return `${parts.join('-')}-${hex.slice(20)}`;
}

function notASet(text: string): never {
  throw new TidemarkError('DECODE', `not a GTID set: ${JSON.stringify(text.slice(0, 200))}`);
}

/** Reads a whole buffer as a set; bytes behind it are an error. */
export function decodeGtidSet(bytes: Buffer): GtidSet {
  const reader = new ByteReader(bytes);
  const set = GtidSet.decode(reader);
  if (reader.remaining > 0)
    throw new DecodeError('bytes behind a GTID set', bytes, reader.position);
  return set;
}
