/**
 * A literal of a date or time as the server shows it: with all its digits and the column's
 * fraction. What has another form than the usual ones stays as it is written. Digits that the
 * column has no room for are cut off, as MariaDB does it (MySQL rounds them, which nobody writes).
 */
export function temporalDefault(text: string, base: string, fraction: number): string {
  switch (base) {
    case 'year':
      return year(text);
    case 'date':
      return dateOf(text)?.date ?? text;
    case 'time':
      return timeOf(text, fraction) ?? text;
    default: {
      const found = dateOf(text);
      if (found === null) return text;
      const time = timeOf(found.rest === '' ? '00:00:00' : found.rest, fraction);
      return time === null ? text : `${found.date} ${time}`;
    }
  }
}

function year(text: string): string {
  if (!/^\d{1,4}$/.test(text)) return text;
  const value = Number(text);
  if (text.length === 4 || value === 0) return text.padStart(4, '0');
  return String(value < 70 ? value + 2000 : value + 1900);
}

const DELIMITED = /^(\d{2}|\d{4})[^\d\s](\d{1,2})[^\d\s](\d{1,2})(?:[T\s]+(.*))?$/;
const COMPACT = /^(\d{4}|\d{2})(\d{2})(\d{2})(?:(\d{6})(\.\d*)?)?$/;

function dateOf(text: string): { date: string; rest: string } | null {
  if (/^0(\.0*)?$/.test(text)) return { date: '0000-00-00', rest: '' };
  const compact = /^(\d{6}|\d{8}|\d{12}|\d{14})(\.\d*)?$/.test(text) ? COMPACT.exec(text) : null;
  const match = compact ?? DELIMITED.exec(text.trim());
  if (match === null) return null;
  const [, years = '', month = '', day = '', time = '', digits = ''] = match;
  const full = years.length === 2 ? `${Number(years) < 70 ? 20 : 19}${years}` : years;
  return {
    date: `${full}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`,
    rest: compact === null ? time : time.replace(/(..)(..)(..)/, '$1:$2:$3') + digits,
  };
}

const TIME = /^(-?)(?:(\d{1,2}) )?(\d{1,3}):(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?)?$/;

function timeOf(text: string, fraction: number): string | null {
  const match = TIME.exec(text.trim());
  if (match === null) return compactTime(text, fraction);
  const [, sign = '', days = '0', hours = '', minutes = '', seconds = '0', digits = ''] = match;
  return clock(sign, Number(days) * 24 + Number(hours), minutes, seconds, digits, fraction);
}

/** `123456`, `56`, `0`: digits from the right are seconds, minutes, hours. */
function compactTime(text: string, fraction: number): string | null {
  const match = /^(-?)(\d{1,7})(?:\.(\d*))?$/.exec(text);
  if (match === null) return null;
  const all = (match[2] as string).padStart(6, '0');
  return clock(
    match[1] as string,
    Number(all.slice(0, -4)),
    all.slice(-4, -2),
    all.slice(-2),
    match[3] ?? '',
    fraction,
  );
}

function clock(
  sign: string,
  hours: number,
  minutes: string,
  seconds: string,
  digits: string,
  fraction: number,
): string {
  const pad = (part: number | string): string => String(part).padStart(2, '0');
  const whole = `${sign}${pad(hours)}:${pad(minutes)}:${pad(seconds)}`;
  return fraction === 0 ? whole : `${whole}.${digits.slice(0, fraction).padEnd(fraction, '0')}`;
}
