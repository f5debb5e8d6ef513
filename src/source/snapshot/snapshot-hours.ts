import type { DailyHours } from '../../config/daily-hours.ts';
import type { Clock } from '../../foundation/clock.ts';

/** How often it is looked again: clocks are set, and days have 23 to 25 hours. */
const LOOK_MS = 30_000;

/** The hours of the day in which tables may be read beside the stream. */
export class SnapshotHours {
  readonly #hours: readonly DailyHours[];
  readonly #clock: Clock;
  readonly #format: Intl.DateTimeFormat;
  /** What was found in which minute: whoever waits may ask at every transaction. */
  #looked = { minute: -1, isOpen: false };

  constructor(hours: readonly DailyHours[], timeZone: string, clock: Clock) {
    this.#hours = hours;
    this.#clock = clock;
    this.#format = new Intl.DateTimeFormat('en', {
      timeZone,
      hour: 'numeric',
      minute: 'numeric',
      hourCycle: 'h23',
    });
  }

  get isOpen(): boolean {
    const minute = Math.floor(this.#clock.nowMs() / 60_000);
    if (minute !== this.#looked.minute) this.#looked = { minute, isOpen: this.#look() };
    return this.#looked.isOpen;
  }

  #look(): boolean {
    const minute = this.#minuteOfDay();
    return this.#hours.some(({ from, to }) =>
      from < to ? minute >= from && minute < to : minute >= from || minute < to,
    );
  }

  /** Resolves when the hours have begun, or on abort. */
  async untilOpen(signal: AbortSignal): Promise<void> {
    while (!this.isOpen && !signal.aborted) {
      const minute = this.#minuteOfDay();
      const minutes = this.#hours.map(({ from }) => (from - minute + 1440) % 1440);
      const ms = Math.max(1, Math.min(...minutes)) * 60_000;
      await this.#clock.sleep(Math.min(ms, LOOK_MS), signal);
    }
  }

  #minuteOfDay(): number {
    const parts = this.#format.formatToParts(this.#clock.nowMs());
    const value = (type: string): number =>
      Number(parts.find((part) => part.type === type)?.value ?? 0);
    return value('hour') * 60 + value('minute');
  }
}
