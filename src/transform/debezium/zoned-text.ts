const DATE = String.raw`[+-]?\d{4,9}-\d{2}-\d{2}`;
const CLOCK = String.raw`(\d{2}:\d{2})(?::(\d{2})(?:\.(\d+))?)?`;
const OFFSET = String.raw`Z|[+-]\d{2}(?::\d{2}){0,2}`;
const FORM = new RegExp(`^(?:(${DATE})T)?${CLOCK}(${OFFSET})$`);

/**
 * An ISO time with an offset, told with the offset that the function gives for its local time. What
 * is no such text (infinities) stays. Zeros at the end of the fraction go, as in java.time.
 */
export function zonedText(text: string, offsetOf: (localMs: number) => number): string {
  const found = FORM.exec(text);
  if (found === null) return text;
  const [, date, minutes = '', seconds = '00', fraction = '', zone = 'Z'] = found;
  const localMs = Date.parse(`${longYear(date ?? '1970-01-01')}T${minutes}:${seconds}Z`);
  if (Number.isNaN(localMs)) return text;
  const offset = offsetOf(localMs);
  const moved = new Date(localMs - secondsOf(zone) * 1000 + offset * 1000).toISOString();
  const [day = '', time = ''] = moved.replace(/\.\d{3}Z$/, '').split('T');
  const digits = fraction.replace(/0+$/, '');
  const clock = `${time}${digits === '' ? '' : `.${digits}`}${zoneText(offset)}`;
  return date === undefined ? clock : `${shortYear(day)}T${clock}`;
}

/** Years beyond four digits have a sign and six digits in JavaScript, as many as needed in Java. */
function longYear(date: string): string {
  const [, sign = '', digits = '', rest = ''] = /^([+-]?)(\d+)(-.*)$/.exec(date) ?? [];
  return sign === '' && digits.length === 4
    ? date
    : `${sign || '+'}${digits.padStart(6, '0')}${rest}`;
}

function shortYear(date: string): string {
  const [, sign, digits = '', rest = ''] = /^([+-])(\d{6})(-.*)$/.exec(date) ?? [];
  if (sign === undefined) return date;
  const year = digits.replace(/^0+(?=\d{4})/, '');
  return `${sign === '+' && year.length === 4 ? '' : sign}${year}${rest}`;
}

function secondsOf(zone: string): number {
  if (zone === 'Z') return 0;
  const [hours = 0, minutes = 0, seconds = 0] = zone.slice(1).split(':').map(Number);
  const total = hours * 3600 + minutes * 60 + seconds;
  return zone.startsWith('-') ? -total : total;
}

function zoneText(offset: number): string {
  if (offset === 0) return 'Z';
  const total = Math.abs(offset);
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const text = `${offset < 0 ? '-' : '+'}${two(total / 3600)}:${two((total % 3600) / 60)}`;
  return total % 60 === 0 ? text : `${text}:${two(total % 60)}`;
}
