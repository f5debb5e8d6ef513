import type { ConnectorConfig, PipelineConfig } from '../config/pipeline-config.ts';
import { isSearchSinkClass } from '../config/search-sink-options.ts';
import type { Clock } from '../foundation/clock.ts';
import { TidemarkError } from '../foundation/errors.ts';
import { FileSinkOffsets } from '../sink/file/file-sink-offsets.ts';
import { SqlSinkOffsets } from '../sink/sql/sink-offsets.ts';
import { deadLetterTopics } from './dead-letter-options.ts';
import { sinkTopics } from './sink-topics.ts';
import { fileSinkOptionsOf } from './file-sink-options.ts';
import {
  applyMoves,
  type OffsetGoal,
  type PartitionMove,
  planMoves,
  type TargetOffsets,
} from './move-offsets.ts';
import { openForMoving } from './open-transport.ts';
import { sinkConsumption } from './sink-consumption.ts';
import { sinkOptionsOf } from './sink-options.ts';

/** What `offsets set` is asked for. */
export interface SetOffsetsRequest {
  /** Null: the only one. */
  readonly sink: string | null;
  readonly topic: string | null;
  readonly partition: number | null;
  readonly goal: OffsetGoal;
  readonly dryRun: boolean;
}

/** What it did, or would do. */
export interface SetOffsetsResult {
  readonly sink: string;
  readonly group: string;
  readonly moves: readonly PartitionMove[];
  /** What people should know of it. */
  readonly notes: readonly string[];
}

/**
 * Moves a sink that is away to other offsets: in its group, and in the target, which decides.
 * Throws STORE_LOCKED and GROUP_IN_USE while a daemon runs.
 */
export async function setSinkOffsets(
  config: PipelineConfig,
  request: SetOffsetsRequest,
  clock: Clock,
  signal: AbortSignal,
): Promise<SetOffsetsResult> {
  const sink = chosenSink(config, request.sink);
  const { group } = sinkConsumption(config, sink);
  const topics = sinkTopics(sink.options, config.source.options, deadLetterTopics(config));
  const covers = (topic: string): boolean =>
    topics instanceof RegExp ? isWhole(topics, topic) : topics.includes(topic);
  const { topic, partition, goal } = request;
  await using transport = await openForMoving(config, clock, request.dryRun);
  const target = await targetOffsets(config, sink, signal);
  const moves = await planMoves(transport, target, { group, covers, topic, partition, goal });
  if (!request.dryRun) await applyMoves(transport, target, group, moves);
  const notes = notesOn(moves, againNote(config, sink));
  return { sink: sink.name, group, moves, notes };
}

function targetOffsets(
  config: PipelineConfig,
  sink: ConnectorConfig,
  signal: AbortSignal,
): Promise<TargetOffsets> {
  const file = fileSinkOptionsOf(config, sink);
  if (file !== null) return Promise.resolve(new FileSinkOffsets(file));
  if (isSearchSinkClass(sink.connectorClass)) return Promise.resolve(OF_THE_GROUP);
  return SqlSinkOffsets.open(sinkOptionsOf(sink), signal);
}

/** What it means to apply records again; null: nothing. */
function againNote(config: PipelineConfig, sink: ConnectorConfig): string | null {
  if (fileSinkOptionsOf(config, sink) !== null) return LINES_AGAIN;
  if (isSearchSinkClass(sink.connectorClass)) return null;
  return sinkOptionsOf(sink).insertMode === 'insert' ? INSERTS_AGAIN : null;
}

function isWhole(pattern: RegExp, topic: string): boolean {
  return new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gy]/g, '')).test(topic);
}

function chosenSink({ sinks, file }: PipelineConfig, name: string | null): ConnectorConfig {
  const names = sinks.map((sink) => sink.name).join(', ');
  const [first, second] = sinks;
  if (name === null) {
    if (first !== undefined && second === undefined) return first;
    throw new TidemarkError('USAGE', `name the sink: --sink <name> (${file} has ${names})`);
  }
  const sink = sinks.find((one) => one.name === name);
  if (sink !== undefined) return sink;
  throw new TidemarkError('USAGE', `${file} has no sink ${name}; it has ${names}`);
}

function notesOn(moves: readonly PartitionMove[], againNote: string | null): readonly string[] {
  let again = 0;
  let skipped = 0;
  for (const { targetOffset, groupOffset, startOffset, after } of moves) {
    const before = targetOffset ?? groupOffset ?? startOffset;
    again += Math.max(0, before - after);
    skipped += Math.max(0, after - before);
  }
  return [
    ...(again === 0
      ? []
      : [`${again} records will be applied again`, ...(againNote === null ? [] : [againNote])]),
    ...(skipped === 0 ? [] : [`${skipped} records will never be applied`]),
  ];
}

const LINES_AGAIN = 'their lines will be in the file twice, unless you move it away first';

const INSERTS_AGAIN =
  'insert.mode is insert: their rows will be refused or be there twice; empty the tables first';

/** A target that keeps no offsets: reading goes on where the group says. */
const OF_THE_GROUP: TargetOffsets = {
  read: () => Promise.resolve([]),
  move: () => Promise.resolve(),
};
