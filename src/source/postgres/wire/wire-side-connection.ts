import type { Clock } from '../../../foundation/clock.ts';
import type { Querier } from './catalog-session.ts';
import type { PostgresConnectionOptions } from '../postgres-source-options.ts';
import { PostgresWire } from './postgres-wire.ts';
import type { QueryResult } from './wire-operation.ts';

/**
 * A connection beside the stream for small queries, made when first needed and again when it was
 * lost: firewalls and `idle_session_timeout` cut what is silent for hours. Queries run in turn.
 */
export class SideConnection implements Querier, AsyncDisposable {
  readonly #options: PostgresConnectionOptions;
  readonly #applicationName: string;
  readonly #clock: Clock;
  readonly #lifetime = new AbortController();
  #wire: PostgresWire | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: PostgresConnectionOptions, applicationName: string, clock: Clock) {
    this.#options = options;
    this.#applicationName = applicationName;
    this.#clock = clock;
  }

  async query(sql: string): Promise<readonly QueryResult[]> {
    const result = this.#last.then(() => this.#query(sql));
    this.#last = result.catch(() => undefined);
    return await result;
  }

  async #query(sql: string): Promise<readonly QueryResult[]> {
    const signal = this.#lifetime.signal;
    signal.throwIfAborted();
    if (this.#wire?.isOpen !== true) {
      const session = { replication: false, applicationName: this.#applicationName };
      this.#wire = await PostgresWire.connect(this.#options, session, signal, this.#clock);
    }
    return await this.#wire.query(sql, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lifetime.abort();
    await this.#last;
    await this.#wire?.close();
  }
}
