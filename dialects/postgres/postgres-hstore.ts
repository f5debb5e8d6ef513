import { conversionError } from '../value-conversion.ts';

/** One or both sides in quotes; a bare NULL is the only bare value that the server prints. */
const PAIR = /"((?:[^"\\]|\\.)*)"=>(?:"((?:[^"\\]|\\.)*)"|NULL)(?:, |$)/gsy;

/**
 * Reads hstore's text. The pairs come in the order in which Java's HashMap would give them, because
 * the JSON text of the original has that order, and a text is compared as it stands.
 */
export function parseHstore(text: string): ReadonlyMap<string, string | null> {
  const pairs: [string, string | null][] = [];
  PAIR.lastIndex = 0;
  while (PAIR.lastIndex < text.length) {
    const match = PAIR.exec(text);
    if (match === null) throw conversionError('the text is not an hstore');
    const value = match[2] === undefined ? null : unescape(match[2]);
    pairs.push([unescape(match[1] as string), value]);
  }
  return new Map(inHashOrder(pairs));
}

/** `{"a":"1","b":null}`, without spaces, as Jackson writes it into a text. */
export function hstoreJson(entries: ReadonlyMap<string, string | null>): string {
  const members = [...entries].map(([key, value]) => `${quote(key)}:${jsonOf(value)}`);
  return `{${members.join(',')}}`;
}

/** The input text of an hstore. */
export function hstoreText(entries: Iterable<readonly [string, string | null]>): string {
  const pairs: string[] = [];
  for (const [key, value] of entries) {
    pairs.push(`${escape(key)}=>${value === null ? 'NULL' : escape(value)}`);
  }
  return pairs.join(', ');
}

function unescape(text: string): string {
  return text.replaceAll(/\\(.)/gs, '$1');
}

function escape(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

function jsonOf(value: string | null): string {
  return value === null ? 'null' : quote(value);
}

/** JSON.stringify but for the case of hexadecimal digits. */
function quote(text: string): string {
  return JSON.stringify(text).replaceAll(/\\(?:\\|u00([0-9a-f]{2}))/g, (escaped, hex?: string) =>
    hex === undefined ? escaped : `\\u00${hex.toUpperCase()}`,
  );
}

/** Buckets in order, a bucket's entries as they came; the table grows at three quarters. */
function inHashOrder<T extends readonly [string, unknown]>(pairs: readonly T[]): readonly T[] {
  let capacity = 16;
  while (pairs.length > capacity * 0.75) capacity *= 2;
  const bucket = ([key]: T): number => (hash(key) & (capacity - 1)) >>> 0;
  return pairs.toSorted((a, b) => bucket(a) - bucket(b));
}

/** String.hashCode, with the high bits folded in as HashMap does. */
function hash(text: string): number {
  let value = 0;
  for (let i = 0; i < text.length; i++) value = (Math.imul(value, 31) + text.charCodeAt(i)) | 0;
  return value ^ (value >>> 16);
}
