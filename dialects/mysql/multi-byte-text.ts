import type { ByteWriter } from '../../src/foundation/byte-writer.ts';
import { MULTI_BYTE_CHARSETS } from './mysql-multi-byte-charsets.ts';
import type { MultiByteCharset } from './mysql-multi-byte-charsets.ts';
import { putCodePoint } from './code-points.ts';

/*
 * Character sets of one, two or three bytes (four in gb18030): a table by the last two bytes, made
 * when a column first needs it from what the runtime knows and what the server sees otherwise.
 */

const QUESTION = 0x3f;
const REPLACEMENT = 0xfffd;
/** First byte of JIS X 0212 in the EUC sets. */
const THREE_BYTES = 0x8f;
/** Half-width katakana in the EUC sets. */
const KATAKANA = 0x8e;
const HANGUL_FIRST = 0xac00;
const HANGUL_LAST = 0xd7a3;

interface Tables {
  /** Characters of single bytes from 0x80 on; 0 for none. */
  readonly one: Uint16Array;
  /** By `lead << 8 | trail`, less 0x8000; 0: no pair. */
  readonly two: Uint16Array;
  /** By the two bytes behind 0x8f. */
  readonly three: Uint16Array | null;
  readonly four: InstanceType<typeof TextDecoder> | null;
}

const cache = new Map<string, Tables>();

/** Appends text of a charset of several bytes as UTF-8; what is no character becomes `?`. */
export function multiByteConverter(
  name: string,
): ((bytes: Buffer, start: number, end: number, out: ByteWriter) => void) | null {
  const charset = MULTI_BYTE_CHARSETS[name];
  if (charset === undefined) return null;
  const tables = cache.get(name) ?? tablesOf(name, charset);
  cache.set(name, tables);
  return (bytes, start, end, out) => {
    appendText(tables, bytes, start, end, out);
  };
}

function appendText(
  { one, two, three, four }: Tables,
  bytes: Buffer,
  start: number,
  end: number,
  out: ByteWriter,
): void {
  out.reserve((end - start) * 3);
  const target = out.bytes;
  let to = out.position;
  for (let at = start; at < end;) {
    const byte = bytes[at] as number;
    if (byte < 0x80) {
      target[to++] = byte;
      at++;
      continue;
    }
    const left = end - at;
    let width = 2;
    let point = 0;
    if (three !== null && byte === THREE_BYTES && left > 2) {
      width = 3;
      point = three[pairIndex(bytes, at + 1)] ?? 0;
    } else if (left > 1) {
      point = two[pairIndex(bytes, at)] ?? 0;
    }
    if (point === 0 && four !== null && left > 3 && isDigit(bytes[at + 1])) {
      width = 4;
      point = wellFormed(four.decode(bytes.subarray(at, at + 4))) || QUESTION;
    }
    if (point === 0) {
      width = 1;
      point = one[byte - 0x80] || QUESTION;
    }
    to = putCodePoint(target, to, point);
    at += width;
  }
  out.position = to;
}

/** In gb18030 a digit behind the first byte says that there are four. */
function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function pairIndex(bytes: Uint8Array, at: number): number {
  return (((bytes[at] as number) << 8) | (bytes[at + 1] as number)) - 0x8000;
}

/** The one character of a text, or 0. */
function wellFormed(text: string): number {
  const point = text.codePointAt(0) ?? 0;
  if (point === REPLACEMENT || text.length !== (point > 0xffff ? 2 : 1)) return 0;
  return point;
}

function tablesOf(name: string, charset: MultiByteCharset): Tables {
  const decoder = new TextDecoder(charset.label);
  const euc = charset.label === 'euc-jp';
  const one = new Uint16Array(0x80);
  for (let i = 0; i < 0x80; i++) one[i] = wellFormed(decoder.decode(Uint8Array.of(0x80 + i)));
  const two = new Uint16Array(0x8000);
  fillPairs(two, charset, (pair) => decoder.decode(pair));
  const three = euc ? new Uint16Array(0x8000) : null;
  if (three !== null) {
    fillPairs(three, charset, ([second = 0, third = 0]) =>
      decoder.decode(Uint8Array.of(THREE_BYTES, second, third)),
    );
    for (let i = 0xa1; i <= 0xdf; i++) two[(KATAKANA << 8) + i - 0x8000] = 0xff61 + i - 0xa1;
    fillPrivate(two, 0xe000);
    fillPrivate(three, 0xe3ac);
  }
  if (name === 'euckr') fillHangul(two, charset);
  const trails = rangesOf(charset.trails);
  for (const [code, text] of Object.entries(charset.patches))
    patch({ two, three }, trails, code, text);
  for (const range of charset.holes === '' ? [] : charset.holes.split(' ')) {
    fillHole({ two, three }, range);
  }
  return { one, two, three, four: name === 'gb18030' ? decoder : null };
}

type PairTables = Pick<Tables, 'two' | 'three'>;

function rangesOf(text: string): number[] {
  return text.split(' ').flatMap((range) => {
    const [first = 0, last = 0] = range.split('-').map((end) => Number.parseInt(end, 16));
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/** Every pair has its character, or `?`: two bytes belong together even if they are none. */
function fillPairs(
  table: Uint16Array,
  { leads, trails }: MultiByteCharset,
  decode: (pair: Uint8Array) => string,
): void {
  const seconds = rangesOf(trails);
  for (const lead of rangesOf(leads)) {
    for (const trail of seconds) {
      const point = wellFormed(decode(Uint8Array.of(lead, trail)));
      table[((lead << 8) | trail) - 0x8000] = point === 0 ? QUESTION : point;
    }
  }
}

/** The last ten rows of the EUC sets are for private use. */
function fillPrivate(table: Uint16Array, first: number): void {
  let point = first;
  for (let lead = 0xf5; lead <= 0xfe; lead++) {
    for (let trail = 0xa1; trail <= 0xfe; trail++) table[((lead << 8) | trail) - 0x8000] = point++;
  }
}

/**
 * Syllables that KS X 1001 lacks stand in Unicode's order where it has no codes (UHC); the runtime
 * knows only the standard.
 */
function fillHangul(table: Uint16Array, { leads, trails }: MultiByteCharset): void {
  const standard = new Set(table);
  const seconds = rangesOf(trails);
  let point = HANGUL_FIRST;
  for (const lead of rangesOf(leads)) {
    for (const trail of seconds) {
      if (lead > 0xa0 && trail > 0xa0) continue;
      while (standard.has(point)) point++;
      if (point > HANGUL_LAST) return;
      table[((lead << 8) | trail) - 0x8000] = point++;
    }
  }
}

function patch(tables: PairTables, trails: readonly number[], code: string, text: string): void {
  const number = Number.parseInt(code, 16);
  const table = number > 0xffff ? tables.three : tables.two;
  let lead = (number >> 8) & 0xff;
  let next = trails.indexOf(number & 0xff);
  for (const letter of text) {
    if (table !== null) {
      table[((lead << 8) | (trails[next] ?? 0)) - 0x8000] = letter.codePointAt(0) ?? 0;
    }
    if (++next < trails.length) continue;
    next = 0;
    lead++;
  }
}

function fillHole(tables: PairTables, range: string): void {
  const [first = 0, last = 0] = range.split('-').map((end) => Number.parseInt(end, 16));
  const table = first > 0xffff ? tables.three : tables.two;
  for (let code = first & 0xffff; code <= (last & 0xffff); code++) {
    if (table !== null && table[code - 0x8000] !== 0) table[code - 0x8000] = QUESTION;
  }
}
