import type { Decimal } from '../../src/model/connect-schema.ts';
import { withScale } from './postgres-numeric.ts';
import { conversionError } from './value-conversion.ts';

/**
 * An amount of money in the text of any locale: `$1,234.56`, `-1.234,56 €`, `($0.01)`. All of them
 * show every digit down to the smallest unit, so the digits are the amount (PITFALLS P92);
 * `printed` of them stand after the point.
 */
export function parseMoney(text: string, printed: number, scale: number): Decimal {
  const digits = text.replaceAll(/[^0-9]/g, '');
  if (digits === '') throw conversionError('the text is not an amount of money');
  const units = BigInt(digits);
  const negative = /[-−(]/.test(text);
  return withScale({ unscaled: negative ? -units : units, scale: printed }, scale);
}
