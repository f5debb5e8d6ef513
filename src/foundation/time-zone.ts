/** What a time zone's clocks are ahead of UTC, in seconds. */
export interface TimeZone {
  /** When clocks in the zone show this time (as if it were UTC), ms; in doubt the earlier rule. */
  offsetOfLocal(localMs: number): number;
  /** At an instant, ms since 1970. */
  offsetAt(instantMs: number): number;
}

/** Java's forms of an offset: `+8`, `+08:00`, `-033015`, each also behind UTC, GMT or UT. */
const FIXED = /^(?:UTC|GMT|UT)?([+-])(?:(\d)|(\d{2})(?::?(\d{2})(?::?(\d{2}))?)?)$/;

/**
 * `+08:00`, `-03:30:15`, `UTC+2`, `Z`, or a name such as `Europe/Berlin`; null: there is no such
 * zone.
 */
export function timeZone(text: string): TimeZone | null {
  const fixed = FIXED.exec(text);
  if (fixed !== null) {
    const [, sign, hour, hours = hour, minutes = '0', seconds = '0'] = fixed;
    const total = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
    const offset = sign === '-' ? -total : total;
    return { offsetOfLocal: () => offset, offsetAt: () => offset };
  }
  if (text === 'Z') return timeZone('+0');
  try {
    return namedZone(new Intl.DateTimeFormat('en-US', { ...FIELDS, timeZone: text }));
  } catch {
    return null;
  }
}

const FIELDS: Intl.DateTimeFormatOptions = {
  calendar: 'gregory',
  numberingSystem: 'latn',
  hourCycle: 'h23',
  era: 'short',
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: 'numeric',
  minute: 'numeric',
  second: 'numeric',
};
const HOUR_MS = 3_600_000;

function namedZone(format: Intl.DateTimeFormat): TimeZone {
  // Offsets change on quarter hours at the finest; a stream asks for the same few again and again.
  const known = new Map<number, number>();
  const offsetAt = (instantMs: number): number => {
    const quarter = Math.floor(instantMs / (HOUR_MS / 4));
    const found = known.get(quarter) ?? offsetOf(format, instantMs);
    if (known.size > 4096) known.clear();
    known.set(quarter, found);
    return found;
  };
  const offsetOfLocal = (localMs: number): number => {
    const before = offsetAt(localMs - 24 * HOUR_MS);
    const after = offsetAt(localMs + 24 * HOUR_MS);
    if (before === after) return before;
    // In a gap and in an overlap the rule from before the change holds, as in java.time.
    const isBefore = offsetAt(localMs - before * 1000) === before;
    const isAfter = offsetAt(localMs - after * 1000) === after;
    return isBefore || !isAfter ? before : after;
  };
  return { offsetAt, offsetOfLocal };
}

function offsetOf(format: Intl.DateTimeFormat, instantMs: number): number {
  const whole = Math.floor(instantMs / 1000) * 1000;
  const parts = new Map(format.formatToParts(whole).map(({ type, value }) => [type, value]));
  const number = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
  const year = parts.get('era') === 'BC' ? 1 - number('year') : number('year');
  const local = new Date(0);
  local.setUTCFullYear(year, number('month') - 1, number('day'));
  local.setUTCHours(number('hour'), number('minute'), number('second'));
  return (local.getTime() - whole) / 1000;
}
