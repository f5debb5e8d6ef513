/** Puts that a table is left alone for after its first refusal; twice as many after each more. */
const FIRST_REST = 8;
const LONGEST_REST = 4096;
/** Statements that are known; beyond, all are forgotten. */
const KNOWN = 4096;

interface Rest {
  /** Puts that are still to be let go by. */
  left: number;
  /** As long as the next one will be. */
  next: number;
}

/**
 * When rows that should be new are tried as such. A refusal costs the target what it had written of
 * them, and where one comes, as behind a repeated snapshot, more will.
 */
export class AddingPace {
  readonly #rests = new Map<string, Rest>();

  mayTry(statement: string): boolean {
    const rest = this.#rests.get(statement);
    if (rest === undefined || rest.left === 0) return true;
    rest.left--;
    return false;
  }

  done(statement: string): void {
    this.#rests.delete(statement);
  }

  refused(statement: string): void {
    const length = this.#rests.get(statement)?.next ?? FIRST_REST;
    if (this.#rests.size >= KNOWN) this.#rests.clear();
    this.#rests.set(statement, { left: length, next: Math.min(length * 2, LONGEST_REST) });
  }
}
