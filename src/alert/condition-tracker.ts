import type { AlertCondition, AlertSeverity } from '../model/alert.ts';
import { SEVERITY_RANK, type ConditionTelling } from './alert-notice.ts';
import type { JudgedCondition } from './alert-filter.ts';

/** A condition that holds; JSON, stored while it fires. */
export interface TrackedCondition {
  readonly condition: AlertCondition;
  readonly severity: AlertSeverity;
  readonly measure: JudgedCondition['measure'];
  readonly repeatMs: number;
  /** When it was found first, by the wall clock. */
  readonly sinceMs: number;
  readonly lastBadMs: number;
  /** It has held for as long as it must. */
  readonly isFiring: boolean;
  /** Null: nobody was told, because it is muted. */
  readonly toldAtMs: number | null;
  /** How often, with `resolved`. */
  readonly told: number;
  /** The worst that was told. */
  readonly toldSeverity: AlertSeverity | null;
}

/** What follows from a look. */
export interface TrackedChange {
  /** Null: nobody is to be told. */
  readonly telling: ConditionTelling | null;
  readonly key: string;
  /** What to store of it; null: it is over. */
  readonly state: TrackedCondition | null;
}

/** How the tracker is set. */
export interface TrackerSettings {
  readonly resolveAfterMs: number;
  /** Asked before anybody is told that something begins or holds on. */
  readonly isMuted: (condition: AlertCondition, nowMs: number) => boolean;
}

/**
 * From what holds at each look to what is told: at once or after the hold time, again when it
 * became worse, at the repeat interval, and once when all was well for long enough. Pure over the
 * clock. A condition that was muted when it began is told when it still holds afterwards.
 */
export class ConditionTracker {
  readonly #settings: TrackerSettings;
  readonly #tracked: Map<string, TrackedCondition>;

  /** `stored` is what fired when the last process ended. */
  constructor(settings: TrackerSettings, stored: readonly TrackedCondition[] = []) {
    this.#settings = settings;
    this.#tracked = new Map(stored.map((state) => [state.condition.key, state]));
  }

  /** Those that hold for long enough, the oldest first. */
  firing(): readonly TrackedCondition[] {
    return [...this.#tracked.values()]
      .filter(({ isFiring }) => isFiring)
      .toSorted((a, b) => a.sinceMs - b.sinceMs);
  }

  /** A look at all conditions; `mayResolve` is false when not everybody was asked. */
  look(found: readonly JudgedCondition[], nowMs: number, mayResolve = true): TrackedChange[] {
    const bad = found.filter(({ isBad }) => isBad);
    const changes = bad.flatMap((judged) => this.#bad(judged, nowMs));
    const keys = new Set(bad.map(({ condition }) => condition.key));
    for (const [key, state] of this.#tracked) {
      if (!keys.has(key)) changes.push(...this.#well(key, state, nowMs, mayResolve));
    }
    return changes;
  }

  #bad(judged: JudgedCondition, nowMs: number): TrackedChange[] {
    const { condition, severity, measure, holdMs, repeatMs } = judged;
    const { key } = condition;
    const before = this.#tracked.get(key);
    // A clock that was put back does not make anybody wait for what has passed already.
    const isOld = before?.isFiring === true || (before?.sinceMs ?? nowMs) <= nowMs;
    const sinceMs = isOld ? (before?.sinceMs ?? nowMs) : nowMs;
    const isFiring = before?.isFiring === true || nowMs - sinceMs >= holdMs;
    const state: TrackedCondition = {
      condition,
      severity,
      measure,
      repeatMs,
      sinceMs,
      lastBadMs: nowMs,
      isFiring,
      toldAtMs: before?.toldAtMs ?? null,
      told: before?.told ?? 0,
      toldSeverity: before?.toldSeverity ?? null,
    };
    this.#tracked.set(key, state);
    if (!isFiring) return [];
    const status = statusOf(state, nowMs);
    if (status === null || this.#settings.isMuted(condition, nowMs)) {
      const isNew = before?.isFiring !== true;
      return isNew ? [{ telling: null, key, state }] : [];
    }
    const told = { ...state, toldAtMs: nowMs, told: state.told + 1, toldSeverity: severity };
    this.#tracked.set(key, told);
    const telling = { status, condition, severity, measure, sinceMs, told: state.told };
    return [{ telling, key, state: told }];
  }

  #well(
    key: string,
    state: TrackedCondition,
    nowMs: number,
    mayResolve: boolean,
  ): readonly TrackedChange[] {
    if (!state.isFiring) {
      // The hold time is without a break.
      this.#tracked.delete(key);
      return [];
    }
    if (nowMs < state.lastBadMs) this.#tracked.set(key, { ...state, lastBadMs: nowMs });
    if (!mayResolve || nowMs - state.lastBadMs < this.#settings.resolveAfterMs) return [];
    this.#tracked.delete(key);
    const { condition, severity, measure, sinceMs, told, toldAtMs } = state;
    // Whoever heard that it began hears that it is over, also through a mute.
    const telling =
      toldAtMs === null
        ? null
        : { status: 'resolved' as const, condition, severity, measure, sinceMs, told };
    return [{ telling, key, state: null }];
  }
}

function statusOf(
  { severity, toldAtMs, toldSeverity, repeatMs }: TrackedCondition,
  nowMs: number,
): 'firing' | 'repeated' | null {
  if (toldAtMs === null || toldSeverity === null) return 'firing';
  if (SEVERITY_RANK[severity] > SEVERITY_RANK[toldSeverity]) return 'firing';
  return repeatMs > 0 && nowMs - toldAtMs >= repeatMs ? 'repeated' : null;
}
