import type { Lifecycle } from '../../foundation/lifecycle.ts';
import type { KafkaAdmin } from './kafka-client.ts';

/** Names of the cluster's topics as of the last look, which is taken at intervals. */
export class TopicWatch {
  readonly #admin: KafkaAdmin;
  readonly #hidden: readonly string[];
  readonly #changed: () => void;
  #names: readonly string[] = [];
  #isLooking = false;
  #version = 0;

  /** `hidden` are no records for anybody; `changed` is called when a topic came or went. */
  constructor(admin: KafkaAdmin, hidden: readonly string[], changed: () => void) {
    this.#admin = admin;
    this.#hidden = hidden;
    this.#changed = changed;
  }

  /** Rises when a topic came or went. */
  get version(): number {
    return this.#version;
  }

  /** A look that fails is made good by the next one. */
  start(lifecycle: Lifecycle, intervalMs: number): void {
    lifecycle.every(intervalMs, () => {
      if (this.#isLooking) return;
      this.#isLooking = true;
      void this.refresh()
        .catch(() => undefined)
        .finally(() => {
          this.#isLooking = false;
        });
    });
  }

  async refresh(): Promise<void> {
    const before = this.#names;
    const topics = await this.#admin.describeTopics(null);
    this.#names = topics
      .map(({ name }) => name)
      .filter((name) => !this.#hidden.includes(name))
      .toSorted();
    const isSame =
      before.length === this.#names.length && before.every((name, n) => name === this.#names[n]);
    if (isSame) return;
    this.#version++;
    this.#changed();
  }

  /** Those of the names that are there, or all that the pattern covers as a whole. */
  matching(topics: readonly string[] | RegExp): readonly string[] {
    if (!(topics instanceof RegExp)) return this.#names.filter((name) => topics.includes(name));
    const whole = new RegExp(`^(?:${topics.source})$`, topics.flags);
    return this.#names.filter((name) => whole.test(name));
  }
}
