import type { AlertCondition, AlertSeverity } from '../model/alert.ts';
import { type AlertNotice, conditionId } from './alert-notice.ts';
import type { AlertMute } from './alert-silence.ts';
import type { ChannelView } from './channel-queue.ts';
import type { TrackedCondition } from './condition-tracker.ts';

/** A condition that fires, as status and `/alerts` show it. */
export interface FiringView extends Pick<
  AlertCondition,
  'key' | 'class' | 'severity' | 'table' | 'sink' | 'title' | 'cause' | 'cure'
> {
  /** Of its notices: the same for as long as it holds. */
  readonly id: string;
  readonly since: string;
  /** False: it is muted. */
  readonly told: boolean;
}

/** A notice in one line. */
export interface NoticeView {
  readonly id: string;
  readonly status: AlertNotice['status'];
  readonly class: string;
  readonly severity: AlertSeverity;
  readonly table: string | null;
  readonly sink: string | null;
  readonly title: string;
  readonly toldAt: string;
}

/** How many notices of a kind this process has made. */
export interface AlertTotal {
  readonly class: string;
  readonly severity: AlertSeverity;
  readonly status: AlertNotice['status'];
  readonly count: number;
}

/** What status, metrics and `/alerts` show. JSON values only. */
export interface AlertsView {
  readonly firing: readonly FiringView[];
  /** The newest first; what was told before the start is among them. */
  readonly recent: readonly NoticeView[];
  readonly channels: readonly ChannelView[];
  readonly totals: readonly AlertTotal[];
  readonly mutes: readonly AlertMute[];
}

/** A condition without what is of the engine alone. */
export function firingView(state: TrackedCondition): FiringView {
  const { condition, severity, sinceMs, toldAtMs } = state;
  const { key, class: name, table, sink, title, cause, cure } = condition;
  const since = new Date(sinceMs).toISOString();
  const told = toldAtMs !== null;
  const id = conditionId(key, sinceMs);
  return { id, key, class: name, severity, table, sink, title, cause, cure, since, told };
}

/** The line of a notice. */
export function noticeView(notice: AlertNotice): NoticeView {
  const { id, status, class: name, severity, table, sink, title, toldAt } = notice;
  return { id, status, class: name, severity, table, sink, title, toldAt };
}

const RECENT = 50;

/** Counts the notices of this process and keeps the newest. */
export class AlertTotals {
  readonly #counts = new Map<string, AlertTotal>();
  readonly #recent: NoticeView[];

  /** `told`: by processes before, the newest first. */
  constructor(told: readonly AlertNotice[] = []) {
    this.#recent = told.slice(0, RECENT).map(noticeView);
  }

  count(notice: AlertNotice): void {
    const { class: name, severity, status } = notice;
    const key = JSON.stringify([name, severity, status]);
    const count = (this.#counts.get(key)?.count ?? 0) + 1;
    this.#counts.set(key, { class: name, severity, status, count });
    this.#recent.unshift(noticeView(notice));
    if (this.#recent.length > RECENT) this.#recent.pop();
  }

  totals(): readonly AlertTotal[] {
    return [...this.#counts.values()];
  }

  recent(): readonly NoticeView[] {
    return [...this.#recent];
  }
}
