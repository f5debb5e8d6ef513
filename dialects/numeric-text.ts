import type { Decimal } from '../src/model/connect-schema.ts';
import { conversionError } from './value-conversion.ts';

const NUMERIC = /^(-?)([0-9]+)(?:\.([0-9]+))?$/;

/** What decimal.handling.mode=string writes for numbers that are none (golden README 7). */
export const NUMERIC_WORDS: Readonly<Record<string, string>> = {
  NaN: 'NAN',
  Infinity: 'POSITIVE_INFINITY',
  '-Infinity': 'NEGATIVE_INFINITY',
};

/** Any finite numeric, of up to 131072 digits before and 16383 after the point (PITFALLS P91). */
export function parseNumeric(text: string): Decimal {
  const match = NUMERIC.exec(text);
  if (match === null) {
    if (text in NUMERIC_WORDS) throw notFinite();
    throw conversionError('the text is not a number');
  }
  const fraction = match[3] ?? '';
  const magnitude = BigInt((match[2] as string) + fraction);
  return { unscaled: match[1] === '-' ? -magnitude : magnitude, scale: fraction.length };
}

/** The number with exactly this scale; digits are never rounded away. */
export function withScale(value: Decimal, scale: number): Decimal {
  if (value.scale === scale) return value;
  if (value.scale < scale) {
    return { unscaled: value.unscaled * 10n ** BigInt(scale - value.scale), scale };
  }
  const divisor = 10n ** BigInt(value.scale - scale);
  if (value.unscaled % divisor !== 0n) {
    throw conversionError(`the number has more digits than scale ${scale} holds`);
  }
  return { unscaled: value.unscaled / divisor, scale };
}

/**
 * Without zeros at the end of the fraction: `100.00` is (100, 0). VariableScaleDecimal carries its
 * numbers so; a whole number keeps scale 0.
 */
export function withoutTrailingZeros(value: Decimal): Decimal {
  let { unscaled, scale } = value;
  while (scale > 0 && unscaled % 10n === 0n) {
    unscaled /= 10n;
    scale--;
  }
  return { unscaled, scale };
}

/** The error of a numeric that decimal.handling.mode=precise cannot hold. */
export function notFinite(): Error {
  return conversionError(
    'NaN and infinite numbers have no precise decimal form',
    'Set decimal.handling.mode to double or string, or leave the column out.',
  );
}
