/** Floating point numbers in the form in which MySQL and MariaDB print them (`my_gcvt`). */

/** So many digits the server shows without an exponent. */
const PLAIN_DIGITS = 15;

/** The shortest text that gives the same double again: `0.1`, `1e20`, `-1.5e-15`. */
export function doubleText(value: number): string {
  return inServerForm(String(value), value);
}

/** The shortest text that gives the same float again: `0.3`, not `0.30000001192092896`. */
export function floatText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 0x100_0000) return doubleText(value);
  // Nine digits always do; most values of a table need less than seven.
  for (let digits = 1; digits < 9; digits++) {
    const text = value.toPrecision(digits);
    const read = Number(text);
    if (Math.fround(read) === value) return doubleText(read);
  }
  return doubleText(Number(value.toPrecision(9)));
}

/**
 * JavaScript writes the same digits, shortest in both; they differ in where the exponent begins:
 * the server's from 1e15 on, unless the number has digits behind the point, and under 1e-15.
 */
function inServerForm(text: string, value: number): string {
  if (Object.is(value, -0)) return '-0';
  const magnitude = Math.abs(value);
  if (magnitude === 0 || (magnitude >= 1e-6 && magnitude < 1e15)) return text;
  const match = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:e([+-][0-9]+))?$/.exec(text);
  if (match === null) return text;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = (whole + fraction).replace(/^0+/, '').replace(/0+$/, '');
  const leading = whole === '0' ? -(/^0*/.exec(fraction)?.[0].length ?? 0) : whole.length;
  const point = leading + Number(exponent);
  if (point <= -PLAIN_DIGITS || (point > PLAIN_DIGITS && digits.length <= point)) {
    const rest = digits.slice(1);
    return `${sign}${digits[0]}${rest === '' ? '' : `.${rest}`}e${point - 1}`;
  }
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return sign + digits.padEnd(point, '0');
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}
