import type { ReadRecord } from '../../src/runtime/assembled-records.ts';
import type { TransactionMark } from '../../src/runtime/transaction-membership.ts';

/** An event of the model's source; `name` is the same whenever the log has it again. */
export interface ModelEvent {
  readonly transaction: number;
  readonly order: number;
  readonly name: string;
  readonly topic: string;
  readonly partition: number;
}

/** An entry of a partition of the model's log. */
export type ModelEntry =
  | { readonly kind: 'event'; readonly event: ModelEvent }
  | { readonly kind: 'free'; readonly name: string }
  | { readonly kind: 'mark'; readonly mark: TransactionMark };

/** The topic of metadata. */
export const METADATA = 'copy.transaction';

interface Write {
  readonly key: string;
  readonly entry: ModelEntry;
}

/** A log that a source wrote which dies now and then, and begins again at its last offset. */
export class ModelLog {
  readonly partitions = new Map<string, ModelEntry[]>();
  readonly events: ModelEvent[] = [];
  /** Events of each transaction that the sink reads. */
  readonly transactions = new Map<number, readonly ModelEvent[]>();
  /** How often the source wrote something again. */
  repeats = 0;
  readonly #random: () => number;
  readonly #repeats: boolean;

  constructor(random: () => number, { count = 40, repeats = true } = {}) {
    this.#random = random;
    this.#repeats = repeats;
    this.partitions.set(`${METADATA}/0`, []);
    for (const key of ['copy.s.a/0', 'copy.s.a/1', 'copy.s.b/0', 'copy.s.c/0', 'copy.s.c/1']) {
      this.partitions.set(key, []);
    }
    this.#write(Array.from({ length: count }, (_, i) => this.#transaction(i + 1)).flat());
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #transaction(number: number): Write[] {
    const events: ModelEvent[] = [];
    const counts = new Map<string, number>();
    const size = this.below(10) === 0 ? 30 : 1 + this.below(4);
    for (let order = 1; order <= size; order++) {
      // `copy.s.x` is a table whose topic the sink does not read.
      const table = ['a', 'a', 'b', 'c', 'x'][this.below(5)] as string;
      counts.set(`s.${table}`, (counts.get(`s.${table}`) ?? 0) + 1);
      if (table === 'x') continue;
      const partition = table === 'b' ? 0 : this.below(2);
      const topic = `copy.s.${table}`;
      events.push({ transaction: number, order, name: `${number}.${order}`, topic, partition });
    }
    this.events.push(...events);
    this.transactions.set(number, events);
    const collections = [...counts].map(([name, many]) => ({ name, events: many }));
    const id = String(number);
    const mark = (status: 'BEGIN' | 'END'): Write => ({
      key: `${METADATA}/0`,
      entry: { kind: 'mark', mark: { status, id: `${id}:9`, transaction: id, collections } },
    });
    const free = this.below(6) === 0 ? [this.#free(number)] : [];
    const writes = events.map((event): Write => {
      return { key: `${event.topic}/${event.partition}`, entry: { kind: 'event', event } };
    });
    return [mark('BEGIN'), ...writes, mark('END'), ...free];
  }

  #free(number: number): Write {
    return { key: 'copy.s.b/0', entry: { kind: 'free', name: `free ${number}` } };
  }

  /** In batches; of one that fails each partition has a beginning, and all of it comes again. */
  #write(writes: readonly Write[]): void {
    let at = 0;
    while (at < writes.length) {
      const batch = writes.slice(at, at + 1 + this.below(12));
      if (this.#repeats && this.below(6) === 0) {
        this.repeats++;
        for (const [key, part] of Map.groupBy(batch, (write) => write.key)) {
          this.#append(key, part.slice(0, this.below(part.length + 1)));
        }
        continue;
      }
      for (const write of batch) this.#append(write.key, [write]);
      at += batch.length;
      // What was acknowledged last is not in the stored offset yet.
      if (this.#repeats && this.below(10) === 0) {
        this.repeats++;
        at -= batch.length;
      }
    }
  }

  #append(key: string, writes: readonly Write[]): void {
    this.partitions.get(key)?.push(...writes.map(({ entry }) => entry));
  }
}

let sequence = 0;

/** As the assembler is given it; the record's key is the event's name. */
export function readRecord(key: string, entry: ModelEntry, offset: number): ReadRecord {
  const [topic = '', partition = '0'] = key.split('/');
  const name = entry.kind === 'event' ? entry.event.name : entry.kind === 'free' ? entry.name : '';
  const schema = { type: 'struct', fields: [], optional: false, name } as const;
  return {
    record: {
      topic,
      partition: Number(partition),
      generation: 1,
      offset,
      sequence: ++sequence,
      timestampMs: 0,
      key: { schema, values: [] },
      value: null,
      absent: [],
    },
    membership:
      entry.kind === 'event'
        ? { transaction: String(entry.event.transaction), order: entry.event.order, isRow: true }
        : null,
    isTombstone: false,
    offset,
    bytes: 100,
    position:
      entry.kind === 'event'
        ? `position ${String(entry.event.transaction).padStart(9, '0')}`
        : null,
  };
}
