import type { RecordFailure } from '../model/record-failure.ts';
import type { Logger } from './logger.ts';

/** `errors.log.enable`, and `errors.log.include.messages`. */
export interface LetterLogging {
  readonly each: boolean;
  readonly places: boolean;
}

/** What the log says of dead letters: each of them, or the first of each kind. Never values. */
export class DeadLetterLog {
  readonly #logger: Logger;
  readonly #logging: LetterLogging;
  /** Null: the records are dropped. */
  readonly #letters: string | null;
  readonly #told = new Set<string>();

  constructor(logger: Logger, logging: LetterLogging, letters: string | null) {
    this.#logger = logger;
    this.#logging = logging;
    this.#letters = letters;
  }

  tell(
    topic: string,
    { stage, error }: RecordFailure,
    placeOf: () => Readonly<Record<string, unknown>>,
  ): void {
    const { each, places } = this.#logging;
    const kind = `${topic} ${stage} ${error.code}`;
    if (!each) {
      // What only waits behind another record is no news, and of one kind the first is.
      if (error.code === 'SINK_KEY_PARKED' || this.#told.has(kind)) return;
      this.#told.add(kind);
    }
    const place = !each || places ? placeOf() : {};
    const letters = this.#letters;
    this.#logger.error(
      { topic, ...place, stage, code: error.code, letters },
      letters === null
        ? `record dropped: ${error.message}`
        : `record given to the dead letters: ${error.message}. ${error.cure}`,
    );
  }
}
