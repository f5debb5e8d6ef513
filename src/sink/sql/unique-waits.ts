import type { Clock } from '../../foundation/clock.ts';
import type { TidemarkError } from '../../foundation/errors.ts';
import { isStruct } from '../../model/connect-schema.ts';
import type { ParkedTable, SinkRecord } from '../../model/sink-record.ts';
import type { TopicOutcome, TopicProgress, TopicWork } from './topic-progress.ts';
import { UniqueViolation } from './unique-violation.ts';

/** A record that waits, and since when no other partition came nearer to its place. */
interface Wait {
  readonly offset: number;
  sinceMs: number;
  isOver: boolean;
}

/**
 * Ruling 14: a unique violation is no poison before the other partitions have passed its position.
 *
 * Rows of one table lie in partitions by their keys, and only within a partition they have their
 * order: a row that takes a unique value may come before the one that gives it up. First the
 * partitions of the put go on without the one that is in the way; then its table is held and looked
 * at again, while others (also other tasks of the sink) write. The bound is `errors.unique.wait.ms`
 * without a record of the same task that is older than the one that waits.
 */
export class UniqueWaits {
  readonly #waitMs: number;
  readonly #clock: Clock;
  /** How many partitions of a topic are known, of this task or another. */
  readonly #partitionsOf: (topic: string) => number;
  /** By topic, then by partition. */
  readonly #waits = new Map<string, Map<number, Wait>>();

  constructor(waitMs: number, clock: Clock, partitionsOf: (topic: string) => number) {
    this.#waitMs = waitMs;
    this.#clock = clock;
    this.#partitionsOf = partitionsOf;
  }

  /** Whether the record is not yet to blame. */
  readonly mayPass = (record: SinkRecord, error: TidemarkError): boolean => {
    const { topic, partition, offset } = record;
    if (!(error instanceof UniqueViolation) || this.#waitMs === 0) return false;
    if (this.#partitionsOf(topic) < 2) return false;
    const waits = this.#waits.get(topic) ?? new Map<number, Wait>();
    this.#waits.set(topic, waits);
    const known = waits.get(partition);
    if (known?.offset === offset) return !known.isOver;
    const sinceMs = this.#clock.monotonicMs();
    waits.set(partition, { offset, sinceMs, isOver: false });
    return true;
  };

  /** Before a `put`: within one the answers of `mayPass` agree. */
  look(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const waits of this.#waits.values()) {
      for (const wait of waits.values()) wait.isOver = nowMs - wait.sinceMs >= this.#waitMs;
    }
  }

  /** After a transaction: what waits no longer is forgotten, what others did counts. */
  passed({ work, applied, failure }: TopicOutcome): void {
    const { topic } = work.progress;
    const waits = this.#waits.get(topic);
    if (waits === undefined) return;
    if (failure === null) this.#waits.delete(topic);
    const obstacle = work.records[applied];
    if (failure === null || obstacle === undefined) return;
    const nowMs = this.#clock.monotonicMs();
    for (const [partition, wait] of waits) {
      const isNearer = work.records
        .slice(0, applied)
        .some((one) => one.partition !== partition && one.timestampMs <= obstacle.timestampMs);
      if (isNearer) wait.sinceMs = nowMs;
    }
  }

  /** The state of a topic that waits: it is looked at again. */
  held(parked: ParkedTable, { work, applied }: TopicOutcome, failure: TidemarkError): ParkedTable {
    const record = work.records[applied];
    if (record === undefined || !this.mayPass(record, failure)) return parked;
    const message = `${parked.message} ${this.#words()}`;
    return { ...parked, message, held: true };
  }

  /** Topics that are held for that. */
  due(all: readonly TopicProgress[]): readonly string[] {
    return all.flatMap(({ topic, parked }) =>
      parked?.held === true && this.#waits.has(topic) ? [topic] : [],
    );
  }

  #words(): string {
    const seconds = Math.ceil(this.#waitMs / 1_000);
    return (
      'Another partition may free the value: the table is held and tried again, up to ' +
      `${seconds} s behind the last older record (errors.unique.wait.ms).`
    );
  }
}

/** Of one `put`: partitions that let the others go before them. */
export class LastPartitions {
  readonly #mayPass: UniqueWaits['mayPass'];
  /** By topic, in the order in which they are tried. */
  readonly #last = new Map<string, number[]>();
  /** Rounds of a topic since one of its records was applied. */
  readonly #vain = new Map<string, number>();

  constructor(mayPass: UniqueWaits['mayPass']) {
    this.#mayPass = mayPass;
  }

  /** The order within each partition stays. */
  order(work: TopicWork): TopicWork {
    const last = this.#last.get(work.progress.topic) ?? [];
    if (last.length === 0) return work;
    const placeOf = ({ partition }: SinkRecord): number => last.indexOf(partition);
    const records = work.records.toSorted((left, right) => placeOf(left) - placeOf(right));
    return { ...work, records };
  }

  /** Whether another round in another order may apply more. */
  goesOn(outcomes: readonly TopicOutcome[]): boolean {
    // Each of them: a topic that goes on must not hide that another one does.
    return outcomes.map((outcome) => this.#goesOn(outcome)).includes(true);
  }

  #goesOn({ work, applied, failure }: TopicOutcome): boolean {
    const record = work.records[applied];
    if (failure === null || record === undefined || !this.#mayPass(record, failure)) return false;
    const { topic } = record;
    const rest = work.records.slice(applied);
    // Nothing may go past the emptying of its table.
    if (rest.some(isTruncate)) return false;
    const last = this.#last.get(topic) ?? [];
    this.#last.set(topic, last);
    const isFirstTime = !last.includes(record.partition);
    const vain = applied > 0 || isFirstTime ? 0 : (this.#vain.get(topic) ?? 0) + 1;
    this.#vain.set(topic, vain);
    if (!rest.some(({ partition }) => partition !== record.partition)) return false;
    if (vain > last.length) return false;
    this.#last.set(topic, [...last.filter((one) => one !== record.partition), record.partition]);
    work.progress.parked = null;
    return true;
  }
}

function isTruncate({ value }: SinkRecord): boolean {
  const at = value?.schema.fields?.findIndex(({ name }) => name === 'op') ?? -1;
  return value !== null && isStruct(value) && at >= 0 && value.values[at] === 't';
}
