import { invalidValue } from './binlog-value-bounds.ts';
import { MOST_JSON_DEPTH } from './json-layout.ts';

/** A step into a document: a member, or a cell, counted from the end when `fromLast`. */
export type JsonStep =
  | { readonly kind: 'member'; readonly key: string }
  | { readonly kind: 'cell'; readonly index: number; readonly fromLast: boolean };

const STEP =
  /\.(?:"((?:[^"\\]|\\.)*)"|([^\s.[\]"*]+))|\[(?:(\d{1,9})|(last)(?:\s*-\s*(\d{1,9}))?)\]/y;

/** Path of a JSON diff in the server's words: `$.a."b c"[3][last-1]`; wildcards cannot occur. */
export function parseJsonPath(bytes: Buffer, start: number, end: number): JsonStep[] {
  const text = bytes.toString('utf8', start, end);
  const steps: JsonStep[] = [];
  let at = 1;
  while (text.startsWith('$') && at < text.length && steps.length < MOST_JSON_DEPTH) {
    STEP.lastIndex = at;
    const match = STEP.exec(text);
    const step = match === null ? null : stepOf(match);
    if (step === null) break;
    steps.push(step);
    at = STEP.lastIndex;
  }
  if (!text.startsWith('$') || at < text.length) {
    invalidValue('no path of a JSON diff', bytes, start, end);
  }
  return steps;
}

function stepOf(match: RegExpExecArray): JsonStep | null {
  const [, quoted, plain, index, last, before] = match;
  if (plain !== undefined) return { kind: 'member', key: plain };
  if (quoted !== undefined) {
    const key = unquoted(quoted);
    return key === null ? null : { kind: 'member', key };
  }
  const fromLast = last !== undefined;
  return { kind: 'cell', index: Number((fromLast ? before : index) ?? 0), fromLast };
}

function unquoted(text: string): string | null {
  try {
    const key: unknown = JSON.parse(`"${text}"`);
    return typeof key === 'string' ? key : null;
  } catch {
    return null;
  }
}
