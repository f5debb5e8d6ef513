import type { AlertChannel, AlertLogger } from './alert-channel.ts';
import { type AlertNotice, SEVERITY_RANK } from './alert-notice.ts';
import { noticeFacts, noticeHeadline } from './alert-text.ts';

/** Alerts as lines of the daemon's log, of a level that goes with the severity. */
export class LogChannel implements AlertChannel {
  readonly name: string;
  readonly type = 'log';
  readonly target = "the daemon's log";
  readonly #logger: AlertLogger;

  constructor(name: string, logger: AlertLogger) {
    this.name = name;
    this.#logger = logger;
  }

  async deliver(notice: AlertNotice): Promise<void> {
    const { id, class: name, severity, status, table, sink } = notice;
    const facts = noticeFacts(notice).map(({ label, value }) => [label, value] as const);
    const fields = {
      alert: id,
      class: name,
      status,
      table,
      sink,
      facts: Object.fromEntries(facts),
    };
    const rank = status === 'resolved' ? 0 : SEVERITY_RANK[severity];
    const level = rank === 0 ? 'info' : rank === 1 ? 'warn' : 'error';
    this.#logger[level](fields, `alert ${noticeHeadline(notice)}`);
    await Promise.resolve();
  }

  /** There is nothing in the way. */
  async probe(): Promise<void> {
    await Promise.resolve();
  }
}
