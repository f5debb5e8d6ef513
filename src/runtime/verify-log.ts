import type { Clock } from '../foundation/clock.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { SourceOffset } from '../model/change-event.ts';
import type { SinkRecord } from '../model/sink-record.ts';
import type { Transport } from '../transport/transport.ts';
import type { LogPositions, SourceFence, VerifyLog } from '../verify/verify-ports.ts';
import type { SinkConverters } from './sink-records.ts';
import { decodeSinkRecords } from './sink-records.ts';
import type { SinkTransforms } from './sink-transforms.ts';
import { loadSourceOffset } from './source-offset.ts';

const LOOK_MS = 20;
const POLL_BYTES = 4 * 1024 * 1024;
const POLL_WAIT_MS = 250;

/** What a log is read with. */
export interface VerifyLogParts {
  readonly transport: Transport;
  /** Of the pipeline, and its source's partition. */
  readonly name: string;
  readonly partition: SourceOffset['partition'];
  readonly converters: SinkConverters;
  readonly transforms: SinkTransforms | null;
  readonly clock: Clock;
  readonly waitMs: number;
}

/** The log of a pipeline, read beside the daemon that writes it: nothing is registered there. */
export class PipelineLog implements VerifyLog {
  readonly #parts: VerifyLogParts;

  constructor(parts: VerifyLogParts) {
    this.#parts = parts;
  }

  async ends(topic: string): Promise<LogPositions> {
    const description = await this.#parts.transport.describeTopic(topic);
    const partitions = description?.partitions ?? [];
    return new Map(
      partitions
        // What was dropped is nothing that anybody could apply.
        .filter(({ startOffset, endOffset }) => endOffset > startOffset)
        .map(({ partition, endOffset }) => [partition, endOffset]),
    );
  }

  async reach(fence: SourceFence, signal: AbortSignal): Promise<void> {
    const { transport, name, partition, clock, waitMs } = this.#parts;
    let last = '';
    for (let sinceMs = clock.monotonicMs(); ;) {
      const { offset } = await loadSourceOffset(transport, name, partition);
      if (offset !== null && fence.isBehind(offset.offset)) return;
      const now = JSON.stringify(offset?.offset ?? null);
      // A source that goes on is waited for, however far it is behind.
      if (now !== last) sinceMs = clock.monotonicMs();
      last = now;
      if (clock.monotonicMs() - sinceMs > waitMs) throw logBehind(fence);
      await clock.sleep(LOOK_MS, signal);
      signal.throwIfAborted();
    }
  }

  async between(
    topic: string,
    from: LogPositions,
    to: LogPositions,
    signal: AbortSignal,
  ): Promise<readonly SinkRecord[]> {
    const { transport, converters, transforms } = this.#parts;
    const ranges = [...to]
      .map(([partition, end]) => ({ partition, begin: from.get(partition) ?? 0, end }))
      .filter(({ begin, end }) => end > begin);
    if (ranges.length === 0) return [];
    await using consumer = await transport.consumer({
      group: `verify-${process.pid}`,
      topics: [topic],
      startAt: 'earliest',
      register: false,
    });
    for (const { partition } of consumer.assignment()) {
      const range = ranges.find((one) => one.partition === partition);
      const offset = range?.begin ?? to.get(partition);
      if (offset !== undefined && offset > 0) consumer.seek({ topic, partition }, offset);
    }
    const records: SinkRecord[] = [];
    const isRead = (): boolean =>
      ranges.every(({ partition, end }) =>
        consumer.assignment().some((one) => one.partition === partition && one.position >= end),
      );
    while (!isRead()) {
      const options = { maxBytes: POLL_BYTES, maxWaitMs: POLL_WAIT_MS, signal };
      const fetched = await consumer.poll(options);
      signal.throwIfAborted();
      records.push(...(await decodeSinkRecords(fetched, converters, transforms)));
    }
    return records;
  }
}

function logBehind({ text }: SourceFence): TidemarkError {
  return new TidemarkError('VERIFY_BEHIND', `the log has not reached ${text} of the source`, {
    cure:
      'The daemon has to run while verify does: tidemark run <file>. If it runs, tidemark status ' +
      '<file> says what its source waits for; --wait gives it longer.',
  });
}
