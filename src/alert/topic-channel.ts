import { toTidemarkError } from '../foundation/errors.ts';
import { RecordBatch } from '../transport/record-batch.ts';
import type { Transport } from '../transport/transport.ts';
import type { AlertChannel } from './alert-channel.ts';
import type { AlertNotice } from './alert-notice.ts';
import { webhookBody } from './webhook-channel.ts';

/** Alerts as records of the log: the key is the alert's id, the value the JSON of a webhook. */
export class TopicChannel implements AlertChannel {
  readonly name: string;
  readonly type = 'topic';
  readonly target: string;
  readonly #transport: Transport;
  #spare: RecordBatch | null = null;
  #handle: number | null = null;
  /** An append that nobody waited for to its end: it may still get there. */
  #begun: { readonly notice: string; readonly done: Promise<void> } | null = null;

  constructor(name: string, topic: string, transport: Transport) {
    this.name = name;
    this.target = topic;
    this.#transport = transport;
  }

  async deliver(notice: AlertNotice, signal: AbortSignal): Promise<void> {
    const aborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    aborted.catch(() => undefined);
    try {
      // While brokers are away an append goes on beyond the limit: a second one would double it.
      if (this.#begun?.notice !== notice.notice) {
        const begun = { notice: notice.notice, done: this.#append(notice) };
        this.#begun = begun;
        const forget = (): void => {
          if (this.#begun === begun) this.#begun = null;
        };
        begun.done.then(forget, forget);
      }
      await Promise.race([this.#begun.done, aborted]);
    } catch (error) {
      throw toTidemarkError(error, 'ALERT_CHANNEL');
    }
  }

  async #append(notice: AlertNotice): Promise<void> {
    this.#handle ??= await this.#transport.openTopic(this.target, { partitions: 1 });
    const batch = this.#spare ?? new RecordBatch();
    this.#spare = null;
    batch.clear();
    batch.start(this.#handle, Date.parse(notice.toldAt));
    batch.writer.raw(Buffer.from(notice.id));
    batch.endKey(true);
    batch.writer.raw(Buffer.from(webhookBody(notice)));
    batch.endValue(true);
    batch.header('tidemark.notice', Buffer.from(notice.notice));
    batch.end();
    await this.#transport.appendBeside(batch);
    this.#spare = batch;
  }

  /** The log's own check looks at every topic of a run, this one among them. */
  async probe(): Promise<void> {
    await Promise.resolve();
  }
}
