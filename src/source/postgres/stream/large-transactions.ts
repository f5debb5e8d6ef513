import { toTidemarkError } from '../../../foundation/errors.ts';
import type { PostgresSourceOptions } from '../postgres-source-options.ts';

type Mode = Pick<PostgresSourceOptions, 'largeTransactionMode'>;

/**
 * How the readers of one source take large transactions, from one attempt to the next. The server
 * can fail to decode a transaction while it runs (seen after DDL that was rolled back), and then at
 * the same place each time; one that has ended is decoded in another way. Ordinals are the same in
 * both, so that a restart may change the mode.
 */
export class LargeTransactions {
  readonly #note: (text: string) => void;
  #leftToServer = false;

  constructor(note: (text: string) => void) {
    this.#note = note;
  }

  /** The options as they are for the next session. */
  applied<T extends Mode>(options: T): T {
    return this.#leftToServer ? { ...options, largeTransactionMode: 'server' } : options;
  }

  /** A session has failed. */
  failed(error: unknown): void {
    if (this.#leftToServer || toTidemarkError(error).code !== 'PG_DECODING') return;
    this.#leftToServer = true;
    this.#note(
      'the server could not decode a transaction that is not over: ' +
        'until the next start, large.transaction.mode is server',
    );
  }
}
