/*
 * Times in the form that nearly all have, read without a match or a Date for each part. Whatever
 * has another form is somebody else's to read, or to refuse.
 */

const ZERO = 48;
const DAY_MS = 86_400_000;
const MICROS_PER_DAY = 86_400_000_000;

/** The number that the digits between two places are; NaN where one is no digit. */
function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    // Also of what lies behind the end.
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** Days since 1970 of `2024-02-29…`; NaN for what is no such day, or before the year 1000. */
export function usualDays(text: string): number {
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 7);
  const day = digits(text, 8, 10);
  if (text[4] !== '-' || text[7] !== '-' || !(year >= 1000)) return Number.NaN;
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= 31)) return Number.NaN;
  const ms = Date.UTC(year, month - 1, day);
  // Of the 31st of a month that has 30 days it makes the first of the next one.
  return day <= 28 || new Date(ms).getUTCDate() === day ? ms / DAY_MS : Number.NaN;
}

const FRACTION_AT = 20;

/**
 * µs since 1970 of `2024-02-29 10:00:00.123456`, whose zone begins at `end`; undefined: not in that
 * form.
 */
export function usualMicros(text: string, end: number, separator: ' ' | 'T'): bigint | undefined {
  const hours = digits(text, 11, 13);
  const minutes = digits(text, 14, 16);
  const seconds = digits(text, 17, 19);
  const isClock = hours <= 23 && minutes <= 59 && seconds <= 59;
  if (!isClock || text[10] !== separator || text[13] !== ':' || text[16] !== ':') return undefined;
  let micros = 0;
  if (end !== FRACTION_AT - 1) {
    const count = end - FRACTION_AT;
    if (text[FRACTION_AT - 1] !== '.' || !(count >= 1 && count <= 9)) return undefined;
    micros = (digits(text, FRACTION_AT, end) * 1_000_000) / 10 ** count;
    if (!Number.isInteger(micros)) return undefined;
  }
  const days = usualDays(text);
  if (Number.isNaN(days)) return undefined;
  const ofDay = ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + micros;
  const all = days * MICROS_PER_DAY + ofDay;
  if (Number.isSafeInteger(all)) return BigInt(all);
  return BigInt(days) * BigInt(MICROS_PER_DAY) + BigInt(ofDay);
}
