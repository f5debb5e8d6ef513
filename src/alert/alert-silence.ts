import type { MaintenanceWindow } from '../config/alert-section.ts';
import { compilePattern } from '../config/pattern-list.ts';
import { covers, type FilteredAlert } from './alert-filter.ts';

/** What somebody does not want to hear of for a while; JSON, stored. */
export interface AlertMute {
  readonly id: string;
  /** Covers a class, a table, a sink, or the key of a condition: the whole of it. */
  readonly pattern: string;
  /** Only of tables that this covers, besides; null: of all. */
  readonly table: string | null;
  readonly untilMs: number;
  readonly createdMs: number;
  readonly comment: string | null;
}

/** Mutes that have not run out, and maintenance: who covers an alert, in words; null: nobody. */
export class AlertSilence {
  readonly #windows: readonly MaintenanceWindow[];
  readonly #mutes = new Map<string, { readonly mute: AlertMute; readonly forms: MuteForms }>();

  constructor(windows: readonly MaintenanceWindow[], mutes: readonly AlertMute[]) {
    this.#windows = windows;
    for (const mute of mutes) this.add(mute);
  }

  /** Throws PatternError. */
  add(mute: AlertMute): void {
    this.#mutes.set(mute.id, { mute, forms: formsOf(mute) });
  }

  /** False: there is none of that id. */
  remove(id: string): boolean {
    return this.#mutes.delete(id);
  }

  /** Those that hold, by their end. */
  mutes(nowMs: number): readonly AlertMute[] {
    return [...this.#mutes.values()]
      .map(({ mute }) => mute)
      .filter(({ untilMs }) => untilMs > nowMs)
      .toSorted((a, b) => a.untilMs - b.untilMs);
  }

  /** Takes those off that have run out, and returns them. */
  expire(nowMs: number): readonly AlertMute[] {
    const over = [...this.#mutes.values()].filter(({ mute }) => mute.untilMs <= nowMs);
    for (const { mute } of over) this.#mutes.delete(mute.id);
    return over.map(({ mute }) => mute);
  }

  reason(alert: FilteredAlert & { readonly key?: string }, nowMs: number): string | null {
    for (const { mute, forms } of this.#mutes.values()) {
      if (mute.untilMs > nowMs && isMuted(forms, alert)) return `mute ${mute.id}`;
    }
    const at = this.#windows.findIndex(
      (window) => covers(window.filter, alert) && isInWindow(window, nowMs),
    );
    return at < 0 ? null : `maintenance ${at + 1}`;
  }
}

interface MuteForms {
  readonly pattern: RegExp;
  readonly table: RegExp | null;
}

function formsOf({ pattern, table }: AlertMute): MuteForms {
  return {
    pattern: compilePattern(pattern, 'i'),
    table: table === null ? null : compilePattern(table, 'i'),
  };
}

function isMuted(
  { pattern, table }: MuteForms,
  alert: FilteredAlert & { readonly key?: string },
): boolean {
  if (table !== null && (alert.table === null || !table.test(alert.table))) return false;
  return [alert.class, alert.table, alert.sink, alert.key].some(
    (name) => name !== null && name !== undefined && pattern.test(name),
  );
}

/** A returning window belongs to the day on which it begins, also behind midnight. */
export function isInWindow(
  { span, hours, days, timezone }: MaintenanceWindow,
  nowMs: number,
): boolean {
  if (span !== undefined) return nowMs >= span.fromMs && nowMs < span.toMs;
  const { minute, day } = localTime(nowMs, timezone);
  const isDay = (which: number): boolean => days.length === 0 || days.includes(which);
  if (hours === undefined) return isDay(day);
  return hours.some(({ from, to }) => {
    if (from < to) return minute >= from && minute < to && isDay(day);
    return minute >= from ? isDay(day) : minute < to && isDay((day + 6) % 7);
  });
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const formats = new Map<string, Intl.DateTimeFormat>();

function localTime(nowMs: number, timeZone: string) {
  let format = formats.get(timeZone);
  if (format === undefined) {
    const wanted = { hour: '2-digit', minute: '2-digit', weekday: 'short' } as const;
    format = new Intl.DateTimeFormat('en-GB', { ...wanted, timeZone, hourCycle: 'h23' });
    formats.set(timeZone, format);
  }
  const parts = new Map(format.formatToParts(nowMs).map(({ type, value }) => [type, value]));
  return {
    minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')),
    day: DAYS.indexOf(parts.get('weekday') ?? ''),
  };
}
