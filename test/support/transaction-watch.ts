import { setTimeout } from 'node:timers/promises';
import { type KafkaLedger, type LedgerEntry, LedgerReader } from './kafka-ledger.ts';

const TABLES = ['account', 'movement'] as const;

/**
 * Reads the committed records of a ledger over and over, as readers beside the daemon do, and keeps
 * how far each partition could be read each time.
 */
export class TransactionWatch {
  readonly #reader: LedgerReader;
  /** By table and partition. */
  readonly #lengths = new Map<string, Set<number>>();
  readonly #running: Promise<void>;
  #stopped = false;

  constructor(ledger: KafkaLedger) {
    this.#reader = new LedgerReader(ledger);
    this.#running = this.#run();
    this.#running.catch(() => undefined);
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      await this.#look();
      // Readers that never rest would leave the daemon nothing to run on.
      await setTimeout(100);
    }
  }

  async #look(): Promise<Map<string, readonly LedgerEntry[]>> {
    const seen = new Map<string, readonly LedgerEntry[]>();
    for (const table of TABLES) {
      for (const [partition, entries] of (await this.#reader.read(table)).entries()) {
        const place = `${table}-${partition}`;
        const lengths = this.#lengths.get(place) ?? new Set();
        this.#lengths.set(place, lengths.add(entries.length));
        seen.set(place, entries);
      }
    }
    return seen;
  }

  /** No reader was ever in the middle of a transaction of the source. */
  async expectWholeTransactions(): Promise<void> {
    this.#stopped = true;
    await this.#running;
    for (const [place, entries] of await this.#look()) {
      for (const length of this.#lengths.get(place) ?? []) {
        const [last, next] = [lastTransaction(entries, length), entries[length]];
        const isPart = next !== undefined && (next.txId === null || next.txId === last);
        if (isPart) throw new Error(`${place} ended at ${length}, within transaction ${last}`);
      }
    }
    await this.#reader[Symbol.asyncDispose]();
  }
}

/** Of the first so many entries; tombstones do not tell theirs, but follow a delete that does. */
function lastTransaction(entries: readonly LedgerEntry[], length: number): number | null {
  for (let i = length - 1; i >= 0; i--) {
    const id = entries[i]?.txId ?? null;
    if (id !== null) return id;
  }
  return null;
}
