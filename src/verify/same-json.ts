import type { JsonNode } from '../foundation/lossless-json.ts';
import { isJsonObject, JsonNumber } from '../foundation/lossless-json.ts';

/** Whether two numbers are one, by their digits. */
export type SameNumber = (one: string, other: string) => boolean;

/**
 * Whether two values of JSON mean the same: members in any order, numbers by what they are worth,
 * not by how they are written, and to the last digit: 1.0 is 1, and 2^53 is not 2^53 + 1.
 */
export function sameJson(one: JsonNode, other: JsonNode, sameNumber: SameNumber): boolean {
  if (one === other) return true;
  const [number, otherNumber] = [digitsOf(one), digitsOf(other)];
  if (number !== null || otherNumber !== null) {
    return number !== null && otherNumber !== null && sameNumber(number, otherNumber);
  }
  if (Array.isArray(one)) {
    if (!Array.isArray(other)) return false;
    const [items, others] = [one as readonly JsonNode[], other as readonly JsonNode[]];
    return (
      items.length === others.length &&
      items.every((item, i) => sameJson(item, others[i] ?? null, sameNumber))
    );
  }
  if (!isJsonObject(one) || !isJsonObject(other)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => {
      const [left, right] = [one[name], other[name]];
      return left !== undefined && right !== undefined && sameJson(left, right, sameNumber);
    })
  );
}

/** Null: it is no number. */
export function digitsOf(node: JsonNode): string | null {
  if (typeof node === 'number' || typeof node === 'bigint') return String(node);
  return node instanceof JsonNumber ? node.text : null;
}

/** All digits count. */
export function sameDigits(one: string, other: string): boolean {
  return one === other || plainNumber(one) === plainNumber(other);
}

/** As a server has them that has read and written the document itself. */
export function sameDouble(one: string, other: string): boolean {
  const isWhole = (digits: string): boolean => /^-?\d+$/.test(digits);
  if (isWhole(one) && isWhole(other)) return sameDigits(one, other);
  return Number(one) === Number(other);
}

/** As a vector has them. */
export function sameSingle(one: string, other: string): boolean {
  return Math.fround(Number(one)) === Math.fround(Number(other));
}

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/** One text for each number: digits without zeros at either end, and the exponent. */
export function plainNumber(digits: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = NUMBER.exec(digits) ?? [];
  const all = (whole + fraction).replace(/^0+/, '');
  const short = all.replace(/0+$/, '');
  if (short === '') return '0';
  const power = BigInt(exponent) - BigInt(fraction.length) + BigInt(all.length - short.length);
  return `${sign}${short}e${power}`;
}
