import type { Clock } from '../foundation/clock.ts';
import { TidemarkError } from '../foundation/errors.ts';
import { parseLsn } from '../model/lsn.ts';
import type { Pipeline } from './pipeline.ts';
import type { PipelineStatus } from './pipeline-status.ts';

/** How far a bootstrap is. */
export type BootstrapState =
  | { readonly kind: 'snapshot' }
  /** All rows are durable in the log; sinks still apply them. */
  | { readonly kind: 'applying'; readonly recordsLeft: number }
  /** The sinks hold the snapshot; the stream has not yet passed the end of it. */
  | { readonly kind: 'catching-up' }
  | { readonly kind: 'done' };

/** The end of every partition at the moment when the snapshot was complete. */
export type SnapshotEnd = readonly {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}[];

/**
 * Resolves when every snapshot row is durable, each sink has applied it, and the stream has passed
 * what was committed while the snapshot ran. Throws the error of a task that failed.
 */
export async function awaitBootstrap(
  pipeline: Pipeline,
  clock: Clock,
  signal: AbortSignal,
  onProgress: (state: BootstrapState, status: PipelineStatus) => void,
): Promise<void> {
  let end: SnapshotEnd | null = null;
  let walEnd: bigint | null = null;
  while (!signal.aborted) {
    const status = pipeline.status();
    failIfFailed(pipeline, status);
    let state: BootstrapState = { kind: 'snapshot' };
    if (status.source.phase === 'streaming') {
      end ??= await snapshotEnd(pipeline);
      walEnd ??= walEndOf(status);
      state = bootstrapState(pipeline, end, walEnd, status);
    }
    onProgress(state, status);
    if (state.kind === 'done') return;
    await clock.sleep(100, signal);
  }
}

async function snapshotEnd(pipeline: Pipeline): Promise<SnapshotEnd> {
  const topics = await pipeline.transport.listTopics();
  return topics.flatMap((topic) =>
    topic.partitions.map(({ partition, endOffset }) => ({
      topic: topic.name,
      partition,
      offset: endOffset,
    })),
  );
}

/** Where the server's WAL ended when the stream began; null while nothing has been heard. */
function walEndOf(status: PipelineStatus): bigint | null {
  const { receivedLsn, lagBytes } = status.source;
  return receivedLsn === null || lagBytes === null
    ? null
    : parseLsn(receivedLsn) + BigInt(lagBytes);
}

function bootstrapState(
  pipeline: Pipeline,
  end: SnapshotEnd,
  walEnd: bigint | null,
  status: PipelineStatus,
): BootstrapState {
  let recordsLeft = 0;
  for (const sink of pipeline.sinks) {
    for (const { topic, partition, offset } of end) {
      if (!sink.consumes(topic)) continue;
      recordsLeft += Math.max(0, offset - (sink.position(topic, partition)?.offset ?? 0));
    }
  }
  if (recordsLeft > 0) return { kind: 'applying', recordsLeft };
  const received = status.source.receivedLsn;
  if (walEnd === null || received === null || parseLsn(received) < walEnd) {
    return { kind: 'catching-up' };
  }
  return { kind: 'done' };
}

function failIfFailed(pipeline: Pipeline, status: PipelineStatus): void {
  const failure = pipeline.sourceFailure() ?? pipeline.sinkFailure();
  if (failure !== null) throw failure;
  const parked = status.sinks.flatMap((sink) => sink.parked)[0];
  if (parked !== undefined) {
    throw new TidemarkError(parked.code, `parked: ${parked.message}`);
  }
}
