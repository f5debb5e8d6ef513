import { TidemarkError } from '../../src/foundation/errors.ts';

/** Strings, in which digits mean nothing, and numbers. */
const TOKENS = /"(?:[^"\\]|\\[^])*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const SUSPICIOUS = /[\d.]{16}|\d[eE]|-0/;
const INT64_MIN = -(2n ** 63n);
const UINT64_MAX = 2n ** 64n - 1n;

/**
 * The text, if a JSON column of MySQL keeps all its numbers: it has integers of 64 bits and
 * doubles, and would round others in silence (PITFALLS S15, S16). MariaDB's keep the text.
 */
export function exactJson(text: string): string {
  if (!SUSPICIOUS.test(text)) return text;
  for (const [token] of text.matchAll(TOKENS)) {
    if (token.startsWith('"') || isKept(token)) continue;
    throw new TidemarkError(
      'VALUE_CONVERSION',
      'a number in a JSON document has more digits than a JSON column of MySQL keeps',
      { cure: 'Make the column a LONGTEXT in the target.' },
    );
  }
  return text;
}

function isKept(token: string): boolean {
  if (/^-?\d+$/.test(token)) {
    const value = BigInt(token);
    if (value >= INT64_MIN && value <= UINT64_MAX) return true;
  }
  const value = Number(token);
  return Number.isFinite(value) && significant(token) === significant(String(value));
}

/** Digits without zeros around them, and the place of the point: equal for equal numbers. */
export function significant(number: string): string {
  const [mantissa = '', exponent = '0'] = number.toLowerCase().replace('-', '').split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const some = digits.replace(/0+$/, '');
  if (some === '') return '0';
  return `${some}e${Number(exponent) - fraction.length + (digits.length - some.length)}`;
}
