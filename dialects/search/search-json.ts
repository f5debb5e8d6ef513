import type { JsonObject } from '../../src/foundation/lossless-json.ts';
import { asString } from '../connect-values.ts';
import type { SearchField, SearchTarget } from './search-target.ts';
import { KEPT, KEYWORD_MAX, orElse } from './search-target.ts';

/*
 * Columns of JSON. As an `object` they would bring a field for each of their names, of the type
 * that the first document happens to have: both products limit the former, and refuse documents for
 * the latter. `flattened` (Elasticsearch) and `flat_object` (OpenSearch 2.7) are one field, in
 * which `doc.address.city` is found all the same, by its exact text.
 *
 * An object stands in the document as it is, with all digits of its numbers. Both take nothing but
 * objects, so of everything else there is one:
 *
 * - `{"_json": [1, 2]}`: a value that is no object, or one that has such a name itself.
 * - `{"_text": ["…"]}`: the text of a value that the server would refuse, in pieces: names that
 *   come twice, more than 18 levels, numbers of more than 500 digits, a NUL in a name, and what
 *   makes a term longer than Lucene takes.
 *
 * No two values have the same form, so that the text can be had back of each.
 */

const JSON_NAME = '_json';
const TEXT_NAME = '_text';

/** `depth_limit` of a flattened field is 20, and a value may stand one level deeper. */
const LEVELS_MAX = 18;
/** Jackson, which reads documents in both products, takes 1000. */
const DIGITS_MAX = 500;
/** A term is the names and the value, with a byte or two between them. */
const TERM_BYTES = 32_000;
/** So that a piece is a term of its own. */
const PIECE = KEYWORD_MAX - 191;

const LONG_NUMBER = new RegExp(`[\\d.eE+-]{${DIGITS_MAX}}`);
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/** Names in a valid text, each as often as it comes: strings with a colon behind them. */
function countNames(text: string): number {
  let count = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) {
    do at = text.indexOf('"', at + 1);
    while (isEscaped(text, at));
    let next = at + 1;
    while (text.charCodeAt(next) <= 0x20) next++;
    if (text.charCodeAt(next) === COLON) count++;
  }
  return count;
}

function isEscaped(text: string, quote: number): boolean {
  let first = quote;
  while (text.charCodeAt(first - 1) === BACKSLASH) first--;
  return (quote - first) % 2 === 1;
}

interface Walk {
  /** Too little for any of its terms to be too long. */
  readonly isShort: boolean;
  names: number;
  sound: boolean;
}

/** Counts names, and looks for what no index takes. `pathBytes`: of the names up to here. */
function walk(value: unknown, level: number, pathBytes: number, limit: number, seen: Walk): void {
  if (typeof value === 'string') {
    if (seen.isShort) return;
    if (value.length * 3 + pathBytes > limit && Buffer.byteLength(value) + pathBytes > limit) {
      seen.sound = false;
    }
    return;
  }
  if (typeof value !== 'object' || value === null) {
    if (pathBytes + DIGITS_MAX > TERM_BYTES) seen.sound = false;
    return;
  }
  if (level > LEVELS_MAX) seen.sound = false;
  if (!seen.sound) return;
  if (Array.isArray(value)) {
    for (const item of value) walk(item, level + 1, pathBytes, limit, seen);
    return;
  }
  for (const name of Object.keys(value)) {
    seen.names++;
    if (name.includes('\0')) seen.sound = false;
    const path = seen.isShort ? 0 : pathBytes + Buffer.byteLength(name) + 1;
    if (path > TERM_BYTES) seen.sound = false;
    walk((value as Record<string, unknown>)[name], level + 1, path, limit, seen);
  }
}

/** Long values are left out by `ignore_above` of a flattened field; flat_object has no such. */
function isSound(text: string, value: unknown, { product }: SearchTarget): boolean {
  if (text.length >= DIGITS_MAX && LONG_NUMBER.test(text)) return false;
  // Three bytes of UTF-8 are the most that a unit of a string becomes.
  const isShort = text.length * 3 + DIGITS_MAX < TERM_BYTES;
  const seen: Walk = { isShort, names: 0, sound: true };
  const limit = product === 'elasticsearch' ? Number.POSITIVE_INFINITY : TERM_BYTES;
  walk(value, 1, 0, limit, seen);
  return seen.sound && seen.names === countNames(text);
}

function pieces(text: string): string {
  const all: string[] = [];
  for (let from = 0; from < text.length;) {
    let end = Math.min(text.length, from + PIECE);
    // Not between the halves of a letter.
    if (end < text.length && /[\uD800-\uDBFF]/.test(text.charAt(end - 1))) end--;
    all.push(JSON.stringify(text.slice(from, end)));
    from = end;
  }
  return `{"${TEXT_NAME}":[${all.join(',')}]}`;
}

/** An object without names of ours. */
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return !Object.hasOwn(value, JSON_NAME) && !Object.hasOwn(value, TEXT_NAME);
}

/** The form of a JSON text in a document; it is one line. */
export function jsonDocument(text: string, target: SearchTarget): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return pieces(text);
  }
  if (!isSound(text, value, target)) return pieces(text);
  // Line feeds stand between values only: in a string they are escaped.
  const line = /[\n\r]/.test(text) ? text.replaceAll(/[\n\r]/g, ' ') : text;
  return isPlain(value) ? line : `{"${JSON_NAME}":${line}}`;
}

/** One field for all names of an object. */
export function flatMapping(target: SearchTarget): JsonObject {
  return target.product === 'elasticsearch'
    ? orElse(target, { type: 'flattened', ignore_above: KEYWORD_MAX }, KEPT)
    : orElse(target, { type: 'flat_object' }, KEPT);
}

/** A column of JSON. */
export function jsonField(target: SearchTarget): SearchField {
  return {
    mapping: flatMapping(target),
    encode: (value) => jsonDocument(asString(value), target),
  };
}
