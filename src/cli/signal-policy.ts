/** What a stop signal asks for. */
export type SignalVerdict = 'graceful' | 'ignore' | 'hard';

/**
 * A terminal sends Ctrl-C to the launcher and to the program, and the launcher passes it on: the
 * same key press arrives twice. What follows within this time is not a second decision.
 */
const ECHO_MS = 1000;

/** The first signal stops in order, a later one at once. */
export class SignalPolicy {
  #firstAtMs: number | undefined;

  receive(nowMs: number): SignalVerdict {
    if (this.#firstAtMs === undefined) {
      this.#firstAtMs = nowMs;
      return 'graceful';
    }
    return nowMs - this.#firstAtMs < ECHO_MS ? 'ignore' : 'hard';
  }
}
