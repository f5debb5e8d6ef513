import type { LogRecord, Transport } from '../transport/transport.ts';

const POLL_BYTES = 1024 * 1024;
const POLL_WAIT_MS = 250;

/**
 * What is in a topic of dead letters now, a poll at a time and in order; nothing where it is
 * missing. `from`: the first offset of each partition that counts.
 */
export async function* scanLetters(
  transport: Transport,
  topic: string,
  signal: AbortSignal,
  from: ReadonlyMap<number, number> = new Map(),
): AsyncGenerator<readonly LogRecord[]> {
  const description = await transport.describeTopic(topic);
  if (description === null) return;
  const ends = new Map(description.partitions.map((part) => [part.partition, part.endOffset]));
  await using consumer = await transport.consumer({
    group: `tidemark-dlq-${process.pid}`,
    topics: [topic],
    startAt: 'earliest',
    register: false,
  });
  for (const { partition, startOffset } of description.partitions) {
    const offset = from.get(partition) ?? startOffset;
    if (offset > startOffset) consumer.seek({ topic, partition }, offset);
  }
  const isAtEnd = (): boolean =>
    consumer
      .assignment()
      .every(({ partition, position }) => position >= (ends.get(partition) ?? 0));
  while (!isAtEnd()) {
    const fetched = await consumer.poll({
      maxBytes: POLL_BYTES,
      maxWaitMs: POLL_WAIT_MS,
      signal,
    });
    signal.throwIfAborted();
    for (const { records } of fetched) if (records.length > 0) yield records;
  }
}
