import type { AlertNotice } from './alert-notice.ts';

/** Where notices go. */
export interface AlertChannel {
  readonly name: string;
  /** `webhook`, `log`, … */
  readonly type: string;
  /** Where that is, without secrets. */
  readonly target: string;
  /**
   * Resolves when the other side has it. Throws ALERT_CHANNEL when it may not have it: then it is
   * delivered again. The signal aborts at the time limit, and when the daemon ends.
   */
  deliver(notice: AlertNotice, signal: AbortSignal): Promise<void>;
  /**
   * Whether it would work, as far as that shows without telling anybody anything. Throws
   * ALERT_CHANNEL; the signal aborts at the time limit.
   */
  probe(signal: AbortSignal): Promise<void>;
}

/** How a channel is fed. */
export interface ChannelFeed {
  readonly timeoutMs: number;
  readonly retryDelayMaxMs: number;
  readonly retryForMs: number;
  /** 0: no limit. */
  readonly rateLimit: number;
  readonly rateWindowMs: number;
}

/** What the engine says about itself. */
export interface AlertLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
