import { setImmediate } from 'node:timers/promises';
import type {
  ParkedTable,
  SinkPartition,
  SinkPosition,
  SinkRecord,
  SinkStatus,
  SinkTask,
} from '../../src/model/sink-record.ts';
import type {
  Consumer,
  ConsumerOptions,
  FetchedRecords,
  TopicPartition,
  Transport,
} from '../../src/transport/transport.ts';
import { MemoryDocuments } from './memory-documents.ts';

type Assignment = ReturnType<Consumer['assignment']>[number];

/** A consumer that hands out what the test says, then nothing more; all calls are in `log`. */
export class ScriptedConsumer implements Consumer {
  readonly log: string[];
  readonly #polls: FetchedRecords[][];
  readonly #assigned = new Map<string, Assignment>();
  readonly documents = new MemoryDocuments();
  closed = false;
  #options: ConsumerOptions | null = null;

  constructor(log: string[], polls: FetchedRecords[][], assigned: readonly Assignment[]) {
    this.log = log;
    this.#polls = polls;
    for (const partition of assigned) this.#assign(partition);
  }

  async poll(): Promise<readonly FetchedRecords[]> {
    const fetched = this.#polls.shift();
    if (fetched === undefined) {
      // As when `maxWaitMs` passes without a record.
      await setImmediate();
      return [];
    }
    for (const { topic, partition, generation, nextOffset } of fetched) {
      this.#assign({ topic, partition, generation, position: nextOffset });
    }
    await Promise.resolve();
    return fetched;
  }

  /** What the poll after those that are left hands out. */
  script(fetched: FetchedRecords[]): void {
    this.#polls.push(fetched);
  }

  assignment(): readonly Assignment[] {
    return [...this.#assigned.values()];
  }

  seek({ topic, partition }: { topic: string; partition: number }, offset: number): void {
    this.log.push(`seek ${topic}/${partition} ${offset}`);
    const assigned = this.#assigned.get(`${topic}/${partition}`);
    if (assigned !== undefined) this.#assign({ ...assigned, position: offset });
  }

  async commit(offsets: readonly { topic: string; offset: number }[]): Promise<void> {
    this.log.push(`commit ${offsets.map(({ topic, offset }) => `${topic}@${offset}`).join(' ')}`);
    await Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.closed = true;
    await Promise.resolve();
  }

  /** A transport that has this consumer only. */
  asTransport(): Transport {
    const transport: Pick<Transport, 'consumer' | 'documents'> = {
      documents: this.documents,
      consumer: (options) => {
        this.#options = options;
        return Promise.resolve(this);
      },
    };
    return transport as Transport;
  }

  /** As when the group gives partitions to another member. */
  async revoke(partitions: readonly TopicPartition[]): Promise<void> {
    for (const { topic, partition } of partitions) this.#assigned.delete(`${topic}/${partition}`);
    await this.#options?.onRevoked?.(partitions);
  }

  /** As when it has done so already. */
  lose(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) this.#assigned.delete(`${topic}/${partition}`);
    this.#options?.onLost?.(partitions);
  }

  #assign(partition: Assignment): void {
    this.#assigned.set(`${partition.topic}/${partition.partition}`, partition);
  }
}

/** A target that fails and parks as the test says; all calls are in `log`. */
export class ScriptedSink implements SinkTask {
  readonly log: string[];
  readonly #stored: readonly SinkPosition[];
  /** Thrown by the next puts, one each; null: that one succeeds. */
  readonly failures: unknown[] = [];
  parked: ParkedTable[] = [];
  /** What the next look at held tables finds. */
  fits: string[] = [];
  /** What each put answers. */
  fenced: SinkPartition[] = [];
  /** Awaited by each put, before it is logged as done. */
  gate: Promise<void> = Promise.resolve();
  disposed = 0;

  constructor(log: string[], stored: readonly SinkPosition[] = []) {
    this.log = log;
    this.#stored = stored;
  }

  async start(): Promise<void> {
    await Promise.resolve();
  }

  async assign(partitions: readonly SinkPartition[]): Promise<readonly SinkPosition[]> {
    await Promise.resolve();
    return this.#stored.filter((stored) =>
      partitions.some((one) => one.topic === stored.topic && one.partition === stored.partition),
    );
  }

  release(partitions: readonly SinkPartition[]): void {
    this.log.push(`release ${partitions.map((p) => `${p.topic}/${p.partition}`).join(' ')}`);
  }

  async put(
    records: readonly SinkRecord[],
    positions: readonly SinkPosition[],
  ): Promise<readonly SinkPartition[]> {
    const where = positions.map((p) => `${p.topic}:${p.generation}@${p.offset}`).join(' ');
    this.log.push(`put [${records.map(({ offset }) => offset).join()}] ${where}`);
    await this.gate;
    const failure = this.failures.shift();
    if (failure !== undefined && failure !== null) throw failure;
    this.log.push('durable');
    return this.fenced;
  }

  async fitting(): Promise<readonly string[]> {
    await Promise.resolve();
    return this.fits.splice(0);
  }

  status(): SinkStatus {
    return { applied: 0, parked: this.parked, connected: true };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disposed++;
    await Promise.resolve();
  }
}

/** Records of one partition from an offset on, without key; each value is `value`. */
export function fetchedRecords(
  topic: string,
  offsets: readonly number[],
  more: Partial<FetchedRecords> & { readonly value?: Buffer } = {},
): FetchedRecords {
  const { value = null, ...rest } = more;
  const nextOffset = (offsets.at(-1) ?? -1) + 1;
  return {
    topic,
    partition: 0,
    generation: 1,
    nextOffset,
    endOffset: nextOffset,
    records: offsets.map((offset) => ({
      offset,
      sequence: offset,
      timestampMs: 0,
      key: null,
      value,
      headers: [],
    })),
    ...rest,
  };
}
