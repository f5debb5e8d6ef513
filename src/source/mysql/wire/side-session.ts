import type { Clock } from '../../../foundation/clock.ts';
import type { MysqlConnectionOptions } from '../mysql-connection-options.ts';
import type { MysqlQuerier, MysqlResult } from './mysql-session.ts';
import { MysqlSession } from './mysql-session.ts';

/**
 * A session beside the stream for small queries, made when first needed and again when it was lost:
 * servers (wait_timeout) and firewalls cut what is silent for hours. Queries run in turn.
 */
export class SideSession implements MysqlQuerier, AsyncDisposable {
  readonly #options: MysqlConnectionOptions;
  readonly #clock: Clock;
  readonly #lifetime = new AbortController();
  #session: MysqlSession | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: MysqlConnectionOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  async query(sql: string, signal?: AbortSignal): Promise<MysqlResult> {
    const result = this.#last.then(() => this.#query(sql, signal));
    this.#last = result.catch(() => undefined);
    return await result;
  }

  async #query(sql: string, signal?: AbortSignal): Promise<MysqlResult> {
    const life = this.#lifetime.signal;
    const until = signal === undefined ? life : AbortSignal.any([life, signal]);
    until.throwIfAborted();
    if (this.#session?.isOpen !== true) {
      this.#session = await MysqlSession.connect(this.#options, until, this.#clock);
    }
    return await this.#session.query(sql, until);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lifetime.abort();
    await this.#last;
    await this.#session?.close();
  }
}
