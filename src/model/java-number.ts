import type { Decimal } from './connect-schema.ts';

/**
 * Text of a double as Java's Double.toString and so Jackson write it: `1.0`, `1.0E10`, `4.9E-324`.
 * NaN and infinities come bare; JSON quotes them.
 */
export function javaDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  let shortest = Math.abs(value).toExponential();
  // Java keeps two digits where one would do but two come closer: only deep subnormals differ.
  if (shortest[1] === 'e') {
    const two = Math.abs(value).toExponential(1);
    if (Number(two) === Math.abs(value)) shortest = two;
  }
  return javaNotation(value < 0, shortest);
}

/** Text of a float as Java's Float.toString: the fewest digits that give the same float. */
export function javaFloat(value: number): string {
  const magnitude = Math.abs(value);
  if (!Number.isFinite(value) || value === 0) return javaDouble(value);
  // Two digits at least: 1.4E-45, not 1.0E-45.
  for (let digits = 1; digits < 9; digits++) {
    const text = magnitude.toExponential(digits);
    if (Math.fround(Number(text)) === magnitude) return javaNotation(value < 0, text);
  }
  return javaNotation(value < 0, magnitude.toExponential(9));
}

/** `d.ddde±x` into plain digits from 10^-3 up to 10^7, else `d.dddE±x`. */
function javaNotation(negative: boolean, exponential: string): string {
  const sign = negative ? '-' : '';
  const mark = exponential.indexOf('e');
  const exponent = Number(exponential.slice(mark + 1));
  const digits = exponential.slice(0, mark).replace('.', '').replace(/0+$/, '') || '0';
  if (exponent < -3 || exponent >= 7) {
    return `${sign}${digits[0]}.${digits.slice(1) || '0'}E${exponent}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`;
}

/** Text of a decimal as Java's BigDecimal.toString: with an exponent where the scale wants one. */
export function javaBigDecimal(value: Decimal): string {
  const negative = value.unscaled < 0n;
  const digits = (negative ? -value.unscaled : value.unscaled).toString();
  const sign = negative ? '-' : '';
  const adjusted = digits.length - 1 - value.scale;
  if (value.scale === 0) return sign + digits;
  if (value.scale > 0 && adjusted >= -6) {
    const padded = digits.padStart(value.scale + 1, '0');
    return `${sign}${padded.slice(0, -value.scale)}.${padded.slice(-value.scale)}`;
  }
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
  return `${sign}${digits[0]}${fraction}E${adjusted > 0 ? '+' : ''}${adjusted}`;
}
