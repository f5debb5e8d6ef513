/** A part of each day, in minutes since midnight; one that ends before it begins spans midnight. */
export interface DailyHours {
  readonly from: number;
  readonly to: number;
}

/** `22:00-06:00`, several with commas between them; undefined when the form is not right. */
export function parseDailyHours(text: string): readonly DailyHours[] | undefined {
  const hours: DailyHours[] = [];
  for (const part of text.split(',')) {
    const match = /^\s*(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*$/.exec(part);
    if (match === null) return undefined;
    const [from, to] = [minuteOf(match[1], match[2]), minuteOf(match[3], match[4])];
    if (from === undefined || to === undefined || from === to || from === 1440) return undefined;
    hours.push({ from, to });
  }
  return hours;
}

/** Whether this system knows the time zone by that name. */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) instanceof Intl.DateTimeFormat;
  } catch {
    return false;
  }
}

function minuteOf(hour = '', minute = ''): number | undefined {
  const minutes = Number(hour) * 60 + Number(minute);
  return Number(minute) < 60 && minutes <= 1440 ? minutes : undefined;
}
