import { must } from '../src/foundation/assert.ts';
import type { ConnectSchema, ConnectValue } from '../src/model/connect-schema.ts';
import type { PostgresTextFormat } from '../src/model/table-schema.ts';
import { NUMERIC_WORDS, parseNumeric, withScale } from './numeric-text.ts';
import { conversionError } from './value-conversion.ts';

/** Forms of numbers and texts that the texts of every family have. */
export type PlainTextFormat = Extract<
  PostgresTextFormat,
  { kind: 'integer' | 'float' | 'string' | 'decimal' | 'decimal-double' | 'decimal-string' }
>;

/** The part of the general path that does not ask which family printed the text. */
export function parsePlainText(
  format: PlainTextFormat,
  schema: ConnectSchema,
  text: string,
): ConnectValue {
  switch (format.kind) {
    case 'integer':
      return integer(schema, text);
    case 'float':
      return schema.type === 'float32' ? Math.fround(float(text)) : float(text);
    case 'string':
      return text;
    case 'decimal':
      return withScale(parseNumeric(text), format.scale);
    case 'decimal-double':
      return float(text);
    case 'decimal-string':
      return NUMERIC_WORDS[text] ?? text;
  }
}

const INTEGER = /^-?[0-9]+$/;
const BITS: Readonly<Partial<Record<ConnectSchema['type'], number>>> = {
  int8: 8,
  int16: 16,
  int32: 32,
  int64: 64,
};

function integer(schema: ConnectSchema, text: string): ConnectValue {
  const bits = must(BITS[schema.type], 'an integer schema');
  if (!INTEGER.test(text)) throw conversionError('the text is not a whole number');
  const value = BigInt(text);
  if (BigInt.asIntN(bits, value) !== value) {
    throw conversionError(`the number does not fit in ${bits} bits`);
  }
  return bits === 64 ? value : Number(value);
}

const FLOAT = /^-?(?:[0-9]+(?:\.[0-9]*)?(?:e[+-]?[0-9]+)?|Infinity)$|^NaN$/;

function float(text: string): number {
  if (!FLOAT.test(text)) throw conversionError('the text is not a number');
  return Number(text);
}
