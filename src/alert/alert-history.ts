import type { AlertNotice } from './alert-notice.ts';

/** What a question about the history may depend on. */
export type HistoryLine = Readonly<Pick<AlertNotice, 'class' | 'severity' | 'table'>> & {
  readonly sequence: number;
};

/** Each must be so where it is given. */
export type HistoryWish = Readonly<Partial<Record<'class' | 'table' | 'severity', string>>>;

/**
 * Which notices the store has, in order, so that a question about a few of many reads those few:
 * a hundred thousand texts are seconds of a daemon that does nothing else meanwhile.
 */
export class AlertHistory {
  readonly #lines: HistoryLine[] = [];
  /** Classes and tables are few, and each text is there once. */
  readonly #texts = new Map<string, string>();

  constructor(stored: readonly HistoryLine[]) {
    for (const line of stored) this.add(line);
  }

  get size(): number {
    return this.#lines.length;
  }

  add({ sequence, class: name, severity, table }: HistoryLine): void {
    const own = table === null ? null : this.#text(table);
    this.#lines.push({ sequence, class: this.#text(name), severity, table: own });
  }

  /** The oldest; their sequences. */
  forget(count: number): readonly number[] {
    return this.#lines.splice(0, count).map(({ sequence }) => sequence);
  }

  /** The newest first. */
  *found(wish: HistoryWish): Generator<number> {
    const asked = Object.entries(wish) as [keyof HistoryWish, string][];
    for (let at = this.#lines.length - 1; at >= 0; at--) {
      const line = this.#lines[at];
      if (line === undefined || asked.some(([name, value]) => line[name] !== value)) continue;
      yield line.sequence;
    }
  }

  has(name: string): boolean {
    return this.#lines.some((line) => line.class === name);
  }

  #text(text: string): string {
    const known = this.#texts.get(text);
    if (known === undefined) this.#texts.set(text, text);
    return known ?? text;
  }
}
