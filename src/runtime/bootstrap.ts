import type { Clock } from '../foundation/clock.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { Pipeline } from './pipeline.ts';
import type { ReaderView } from './pipeline-source.ts';
import type { PipelineStatus } from './pipeline-status.ts';

/** How far a bootstrap is. */
export type BootstrapState =
  | { readonly kind: 'snapshot' }
  /** All rows are read; sinks still apply what is in the log. */
  | { readonly kind: 'applying'; readonly recordsLeft: number }
  /** The sinks hold what is in the log; the stream has not yet passed the end of the snapshot. */
  | { readonly kind: 'catching-up' }
  | { readonly kind: 'done' };

/** The end of every partition at some moment. */
export type LogEnd = readonly {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}[];

/**
 * Resolves when every snapshot row is durable, the stream has passed what was committed while the
 * snapshot ran, and each sink has applied all of that. Throws the error of a task that failed.
 */
export async function awaitBootstrap(
  pipeline: Pipeline,
  clock: Clock,
  signal: AbortSignal,
  onProgress: (state: BootstrapState, status: PipelineStatus) => void,
): Promise<void> {
  const stream = new StreamPassage(pipeline);
  let end: LogEnd | null = null;
  while (!signal.aborted) {
    const status = pipeline.status();
    failIfFailed(pipeline, status);
    let state: BootstrapState = { kind: 'snapshot' };
    if (snapshotIsRead(status)) {
      // Only what is durable by now: under load the log never ends.
      const isAll = hasNoStream(status) || stream.hasPassed();
      if (end === null && isAll) end = await logEnd(pipeline);
      const recordsLeft = recordsBehind(pipeline, end ?? (await logEnd(pipeline)));
      if (recordsLeft > 0) state = { kind: 'applying', recordsLeft };
      else state = { kind: end === null ? 'catching-up' : 'done' };
    }
    onProgress(state, status);
    if (state.kind === 'done') return;
    await clock.sleep(100, signal);
  }
}

/** The source has ended by itself, all of it durable: under `initial_only` nothing follows. */
function hasNoStream({ source }: PipelineStatus): boolean {
  return source.state === 'ended';
}

/** A snapshot that was cut short goes on beside the stream: then tables are left. */
function snapshotIsRead(status: PipelineStatus): boolean {
  const { phase, snapshot } = status.source;
  if (hasNoStream(status)) return true;
  return phase === 'streaming' && snapshot.every(({ completed }) => completed);
}

async function logEnd(pipeline: Pipeline): Promise<LogEnd> {
  const topics = await pipeline.transport.listTopics();
  return topics.flatMap((topic) =>
    topic.partitions.map(({ partition, endOffset }) => ({
      topic: topic.name,
      partition,
      offset: endOffset,
    })),
  );
}

/**
 * Whether what the server had in its log, when the snapshot had been read, is durable in the log.
 * Tempting and wrong: when it has been received. Then its records are not among those which the
 * sinks are waited for, and the target still lacks them at the end.
 */
class StreamPassage {
  readonly #pipeline: Pipeline;
  #logEnd: string | null = null;
  #reader: ReaderView | null = null;
  #isDurable: (() => boolean) | null = null;

  constructor(pipeline: Pipeline) {
    this.#pipeline = pipeline;
  }

  hasPassed(): boolean {
    const { source } = this.#pipeline;
    const { reader } = source;
    this.#logEnd ??= reader?.logEnd() ?? null;
    if (this.#logEnd === null || reader === null) return false;
    // A reader that came after a failure hands over again what was not durable.
    if (reader !== this.#reader) this.#isDurable = null;
    this.#reader = reader;
    if (reader.hasReceived(this.#logEnd)) this.#isDurable ??= source.watermark();
    return this.#isDurable?.() ?? false;
  }
}

function recordsBehind(pipeline: Pipeline, end: LogEnd): number {
  let records = 0;
  for (const sink of pipeline.sinks) {
    for (const { topic, partition, offset } of end) {
      if (!sink.consumes(topic)) continue;
      records += Math.max(0, offset - (sink.position(topic, partition)?.offset ?? 0));
    }
  }
  return records;
}

function failIfFailed(pipeline: Pipeline, status: PipelineStatus): void {
  const failure = pipeline.sourceFailure() ?? pipeline.sinkFailure();
  if (failure !== null) throw failure;
  const parked = status.sinks.flatMap((sink) => sink.parked)[0];
  if (parked !== undefined) {
    throw new TidemarkError(parked.code, `parked: ${parked.message}`);
  }
}
