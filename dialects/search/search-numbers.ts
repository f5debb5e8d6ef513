import type { JsonObject } from '../../src/foundation/lossless-json.ts';
import type { ConnectSchema, ConnectValue } from '../../src/model/connect-schema.ts';
import { POSTGRES_SOURCE_TYPE } from '../../src/model/connect-schema.ts';
import { javaFloat } from '../../src/model/java-number.ts';
import { asNumber, asString, integerText, mismatch } from '../connect-values.ts';
import { decimalText, withoutScale } from '../exact-texts.ts';
import { mysqlSourceType } from '../mysql-type-name.ts';
import type { SearchField, SearchTarget, Value } from './search-target.ts';
import { KEYWORD, orElse } from './search-target.ts';

/*
 * Numbers. Whole ones are `long` whatever their width, since no product can change the type of a
 * field: a column that grows from smallint to bigint stays what it is. So with floats, which are
 * `double`.
 */

/**
 * JSON has no NaN and no infinities, and a `double` none either: they are texts, which the index
 * leaves out (`ignore_malformed`; such documents are found by `_ignored`).
 */
const DOUBLE: JsonObject = { type: 'double', ignore_malformed: true };

/** Ranges, sorting and sums go by the double, equality by the digits: `price.exact`. */
const EXACT_DOUBLE: JsonObject = { ...DOUBLE, fields: { exact: KEYWORD } };

/** All numbers of so many decimal digits are different doubles (IEEE 754, DBL_DIG). */
const DIGITS_OF_DOUBLE = 15;

/** A whole number of up to 64 bits. */
export const WHOLE: SearchField = { mapping: { type: 'long' }, encode: integerText };

/** A double as JSON. */
export function doubleJson(value: ConnectValue): string {
  return floatJson(asNumber(value), String);
}

/** The fewest digits that are the same float: 0.1, not 0.10000000149011612. */
function singleJson(value: ConnectValue): string {
  return floatJson(asNumber(value), (number) => String(Number(javaFloat(number))));
}

function floatJson(number: number, digits: (number: number) => string): string {
  if (Number.isFinite(number)) return Object.is(number, -0) ? '-0.0' : digits(number);
  return `"${number}"`;
}

export const DOUBLE_FIELD: SearchField = { mapping: DOUBLE, encode: doubleJson };

export const SINGLE_FIELD: SearchField = { mapping: DOUBLE, encode: singleJson };

/** How many digits numbers of the schema have at most; NaN: nobody knows. */
function digitsOf(schema: ConnectSchema): number {
  const source = mysqlSourceType(schema);
  if (source?.base === 'decimal' && source.length !== null) return source.length;
  const scale = Number(schema.parameters?.['scale'] ?? '0');
  const told = schema.parameters?.['connect.decimal.precision'];
  const typed = /^numeric\((\d+)/.exec(schema.parameters?.[POSTGRES_SOURCE_TYPE] ?? '')?.[1];
  const precision = Number(told ?? typed ?? Number.NaN);
  return scale < 0 ? precision - scale : Math.max(precision, scale);
}

/** A number in digits, without zeros at the end of its fraction. */
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;

/**
 * Numbers of which a double holds all digits are JSON's numbers. Others are texts, so that no
 * reader of the document loses digits, and can be asked for exactly (PITFALLS S16). Zeros at the
 * end of a fraction go: equal numbers are equal texts also after the source changed the scale.
 */
export function decimalField(
  schema: ConnectSchema,
  digits: (value: Value) => string = decimalText,
): SearchField {
  const isShort = digitsOf(schema) <= DIGITS_OF_DOUBLE;
  const text = (value: Value): string => withoutScale(digits(value));
  if (!isShort) return { mapping: EXACT_DOUBLE, encode: (value) => JSON.stringify(text(value)) };
  return {
    mapping: DOUBLE,
    encode: (value) => {
      const shown = text(value);
      // With decimal.handling.mode string there may be a word: NAN.
      return NUMBER.test(shown) ? shown : JSON.stringify(shown);
    },
  };
}

/** A decimal that records have as text. */
export function decimalTextField(schema: ConnectSchema): SearchField {
  return decimalField(schema, asString);
}

/**
 * `unsigned_long`: from 0 to 2^64 - 1 in both products (Elasticsearch 7.10, OpenSearch 2.8). A
 * server without it has what decimals of that length have.
 */
export function unsignedField(target: SearchTarget): SearchField {
  return {
    mapping: orElse(target, { type: 'unsigned_long' }, EXACT_DOUBLE),
    encode: (value) =>
      typeof value === 'object' ? withoutScale(decimalText(value)) : integerText(value),
  };
}

/** true and false. */
export const BOOLEAN: SearchField = {
  mapping: { type: 'boolean' },
  encode: (value) => {
    if (typeof value === 'boolean') return String(value);
    throw mismatch('a boolean', value);
  },
};
