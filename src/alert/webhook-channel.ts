import { createHmac } from 'node:crypto';
import type { Clock } from '../foundation/clock.ts';
import type { AlertChannel } from './alert-channel.ts';
import type { AlertNotice } from './alert-notice.ts';
import { noticeText } from './alert-text.ts';
import { HttpPost } from './http-post.ts';

/** A webhook of somebody's own. */
export interface WebhookSettings {
  readonly name: string;
  readonly url: string;
  /** Null: requests are not signed. */
  readonly secret: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly caFile: string | undefined;
  readonly timeoutMs: number;
}

/**
 * Posts the notice as JSON, with its text. `Tidemark-Signature` is `t=<seconds>,v1=<hex>`, the
 * HMAC-SHA256 of `<t>.<body>`: with the time inside nobody can send an old request again.
 */
export class WebhookChannel implements AlertChannel {
  readonly name: string;
  readonly type = 'webhook';
  readonly target: string;
  readonly #settings: WebhookSettings;
  readonly #clock: Clock;
  readonly #post: HttpPost;

  constructor(settings: WebhookSettings, clock: Clock) {
    this.name = settings.name;
    this.#settings = settings;
    this.#clock = clock;
    this.#post = new HttpPost(settings.url, settings.caFile, settings.timeoutMs);
    this.target = this.#post.target;
  }

  async deliver(notice: AlertNotice, signal: AbortSignal): Promise<void> {
    const { secret, headers } = this.#settings;
    const body = webhookBody(notice);
    const seconds = Math.floor(this.#clock.nowMs() / 1000);
    const signed =
      secret === null ? {} : { 'tidemark-signature': webhookSignature(secret, seconds, body) };
    const named = { 'user-agent': 'tidemark', 'tidemark-notice': notice.notice };
    await this.#post.send(body, { ...headers, ...named, ...signed }, signal);
  }

  async probe(signal: AbortSignal): Promise<void> {
    await this.#post.probe(signal);
  }
}

/** What `schemas/alert.schema.json` describes; topics and commands get the same. */
export function webhookBody(notice: AlertNotice): string {
  return JSON.stringify({ ...notice, text: noticeText(notice) });
}

/** The value of `Tidemark-Signature`. */
export function webhookSignature(secret: string, seconds: number, body: string): string {
  const hmac = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${hmac}`;
}
