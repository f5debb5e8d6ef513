import type { Decimal } from '../../src/model/connect-schema.ts';
import { withScale } from '../numeric-text.ts';
import { conversionError } from '../value-conversion.ts';

/**
 * An amount of money in the text of any locale: `$1,234.56`, `-1.234,56 €`, `($0.01)`. All of them
 * show every digit down to the smallest unit, so the digits are the amount (PITFALLS P92);
 * `printed` of them stand after the point. If money.fraction.digits wants fewer, the amount is
 * rounded half up, as in the original.
 */
export function parseMoney(text: string, printed: number, scale: number): Decimal {
  const digits = text.replaceAll(/[^0-9]/g, '');
  if (digits === '') throw conversionError('the text is not an amount of money');
  const units = BigInt(digits);
  const kept = scale < printed ? roundHalfUp(units, 10n ** BigInt(printed - scale)) : units;
  const amount = { unscaled: /[-−(]/.test(text) ? -kept : kept, scale: Math.min(printed, scale) };
  return withScale(amount, scale);
}

function roundHalfUp(units: bigint, unit: bigint): bigint {
  return (units + unit / 2n) / unit;
}
