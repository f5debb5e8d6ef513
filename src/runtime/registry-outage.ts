import type { SchemaRegistry, SchemaType } from '../converter/converter.ts';
import { Backoff } from '../foundation/backoff.ts';
import type { Clock } from '../foundation/clock.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { Logger } from './logger.ts';

const INITIAL_DELAY_MS = 200;
const MAX_DELAY_MS = 10_000;

/**
 * Makes the source wait while the registry is away: a row is written only with an id that the
 * registry gave, so nothing is lost, and the session with the database stays as it is.
 */
export class RegistryOutage {
  readonly #clock: Clock;
  readonly #logger: Logger;
  #signal: AbortSignal = AbortSignal.abort();
  #mayWait: () => boolean = () => false;
  readonly #waits = new Set<{ readonly error: TidemarkError }>();

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** REGISTRY_CONNECT while somebody waits; nobody else would tell that nothing goes on. */
  get waitsFor(): TidemarkError | null {
    for (const { error } of this.#waits) return error;
    return null;
  }

  /** A life of the task begins. A first start is told at once that there is no registry. */
  begin(signal: AbortSignal, mayWait: () => boolean): void {
    this.#signal = signal;
    this.#mayWait = mayWait;
    this.#waits.clear();
  }

  /** The registry, as the source asks it. */
  around(registry: SchemaRegistry): SchemaRegistry {
    return {
      register: (subject: string, schema: string, type?: SchemaType) =>
        this.#patiently(() => registry.register(subject, schema, type)),
      schemaById: (id: number) => registry.schemaById(id),
    };
  }

  async #patiently<T>(ask: () => Promise<T>): Promise<T> {
    const backoff = new Backoff({ initialMs: INITIAL_DELAY_MS, maxMs: MAX_DELAY_MS });
    const signal = this.#signal;
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        const isAway = error instanceof TidemarkError && error.code === 'REGISTRY_CONNECT';
        if (!isAway || signal.aborted || !this.#mayWait()) throw error;
        await this.#wait(error, backoff, signal);
        if (signal.aborted) throw error;
      }
    }
  }

  async #wait(error: TidemarkError, backoff: Backoff, signal: AbortSignal): Promise<void> {
    const delayMs = backoff.nextDelayMs();
    // A blip is information, a long outage an error, as when a task is tried again.
    const level = backoff.attempt > 5 ? 'error' : backoff.attempt > 1 ? 'warn' : 'info';
    this.#logger[level](
      { code: error.code, cure: error.cure, attempt: backoff.attempt, delayMs },
      `the source waits for the schema registry: ${error.message}`,
    );
    const wait = { error };
    this.#waits.add(wait);
    await this.#clock.sleep(delayMs, signal);
    this.#waits.delete(wait);
  }
}
