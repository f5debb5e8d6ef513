import { must } from '../../foundation/assert.ts';
import type {
  SinkPartition,
  SinkPosition,
  SinkRecord,
  SinkStatus,
  SinkTask,
} from '../../model/sink-record.ts';

interface Part {
  readonly records: SinkRecord[];
  readonly positions: SinkPosition[];
}

/**
 * Several tasks of one sink as one (`tasks.max`): topics are dealt out to them, each has a session
 * of its own, and a put is done when all have done their parts. So tables are written side by side,
 * and what one transaction of the source changed in two of them may be seen one after the other.
 *
 * A part whose transaction is through stays so when another one fails: put again, its records are
 * below the offsets of the target and are skipped, as those of a task that was started anew.
 */
export class ParallelSink implements SinkTask {
  readonly #tasks: readonly SinkTask[];
  /** Number of the task by topic, dealt out in turn: as even as can be. */
  readonly #taskOf = new Map<string, number>();

  constructor(tasks: readonly SinkTask[]) {
    this.#tasks = tasks;
  }

  get putRecords(): number | undefined {
    return this.#tasks[0]?.putRecords;
  }

  /** The first one makes what all of them need in the target. */
  async start(signal: AbortSignal): Promise<void> {
    const [first, ...others] = this.#tasks;
    await first?.start(signal);
    await allDone(others.map((task) => task.start(signal)));
  }

  async assign(
    partitions: readonly SinkPartition[],
    signal: AbortSignal,
  ): Promise<readonly SinkPosition[]> {
    const parts = Map.groupBy(partitions, ({ topic }) => this.#number(topic));
    const taken = [...parts].map(([number, part]) => this.#task(number).assign(part, signal));
    return (await allDone(taken)).flat();
  }

  release(partitions: readonly SinkPartition[]): void {
    const parts = Map.groupBy(partitions, ({ topic }) => this.#number(topic));
    for (const [number, part] of parts) this.#task(number).release(part);
  }

  async put(
    records: readonly SinkRecord[],
    positions: readonly SinkPosition[],
    signal: AbortSignal,
  ): Promise<readonly SinkPartition[]> {
    const parts = new Map<number, Part>();
    const partOf = (topic: string): Part => {
      const number = this.#number(topic);
      const part = parts.get(number) ?? { records: [], positions: [] };
      parts.set(number, part);
      return part;
    };
    let topic: string | null = null;
    let part: Part | null = null;
    for (const record of records) {
      // Records of one topic come behind each other.
      if (part === null || record.topic !== topic) part = partOf(record.topic);
      ({ topic } = record);
      part.records.push(record);
    }
    for (const position of positions) partOf(position.topic).positions.push(position);
    const puts = [...parts].map(([number, one]) =>
      this.#task(number).put(one.records, one.positions, signal),
    );
    return (await allDone(puts)).flat();
  }

  async fitting(signal: AbortSignal): Promise<readonly string[]> {
    const asked = this.#tasks.map((task) => task.fitting?.(signal) ?? []);
    return (await allDone(asked)).flat();
  }

  status(): SinkStatus {
    const views = this.#tasks.map((task) => task.status());
    const keys = views.flatMap(({ parkedKeys }) => parkedKeys ?? []);
    const first = keys.flatMap((view) => view.first);
    const count = keys.reduce((sum, view) => sum + view.count, 0);
    return {
      applied: views.reduce((sum, view) => sum + view.applied, 0),
      parked: views.flatMap(({ parked }) => parked),
      connected: views.every(({ connected }) => connected),
      ...(keys.length === 0 ? {} : { parkedKeys: { count, first } }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await allDone(this.#tasks.map((task) => task[Symbol.asyncDispose]()));
  }

  #number(topic: string): number {
    let number = this.#taskOf.get(topic);
    if (number === undefined) {
      number = this.#taskOf.size % this.#tasks.length;
      this.#taskOf.set(topic, number);
    }
    return number;
  }

  #task(number: number): SinkTask {
    return must(this.#tasks[number], 'a task');
  }
}

/** Waits for all of them, also where one fails: what goes on has the session, and the records. */
async function allDone<T>(works: readonly (PromiseLike<T> | T)[]): Promise<T[]> {
  const ends = await Promise.allSettled(works);
  return ends.map((end) => {
    if (end.status === 'rejected') throw end.reason;
    return end.value;
  });
}
