import type { Consumer, FetchedRecords, Transport } from '../../src/transport/transport.ts';
import { batchOf, type PlainRecord } from './batch-of.ts';

/** A log to test on; each `open` is a start of the process that owns it. */
export interface ConformanceLog extends AsyncDisposable {
  /**
   * Kafka has an order within a partition only, and its storage is not ours: true leaves out what
   * the port promises for logs of one process.
   */
  readonly distributed?: true;
  open(): Promise<Transport>;
}

/** Tests by their titles. */
export type ConformanceTests = Readonly<
  Record<string, (make: () => Promise<ConformanceLog>) => Promise<void>>
>;

/** A poll that takes what is there. */
export const NOW = { maxBytes: 1_000_000, maxWaitMs: 0, signal: new AbortController().signal };

/** Everything that a consumer finds until nothing comes at once. */
export async function readAll(consumer: Consumer): Promise<FetchedRecords[]> {
  const all: FetchedRecords[] = [];
  for (;;) {
    const fetched = await consumer.poll(NOW);
    if (fetched.length === 0) return all;
    all.push(...fetched);
  }
}

/** The records of fetched ranges with their topic, as text. */
export function shown(fetched: readonly FetchedRecords[]): string[] {
  return fetched.flatMap(({ topic, partition, records }) =>
    records.map(
      ({ offset, key, value }) =>
        `${topic}/${partition}@${offset} ${key?.toString() ?? '-'}=${value?.toString() ?? '-'}`,
    ),
  );
}

/** What is shown, in the order that the log promises: of a distributed one topic by topic. */
export function inLogOrder(log: ConformanceLog, lines: readonly string[]): readonly string[] {
  if (log.distributed !== true) return lines;
  const topicOf = (line: string): string => line.split('/')[0] ?? '';
  return lines.toSorted((a, b) => topicOf(a).localeCompare(topicOf(b)));
}

/** The log-wide sequences of fetched records. */
export function sequencesOf(fetched: readonly FetchedRecords[]): number[] {
  return fetched.flatMap(({ records }) => records.map(({ sequence }) => sequence));
}

/** Appends records without a source offset. */
export async function appendTo(
  transport: Transport,
  records: readonly PlainRecord[],
): Promise<void> {
  await transport.append(batchOf(records), null);
}

/** A consumer that registers nothing. */
export function tail(transport: Transport, topics: RegExp | string[] = /.*/): Promise<Consumer> {
  return transport.consumer({ group: 'tail', topics, register: false });
}
