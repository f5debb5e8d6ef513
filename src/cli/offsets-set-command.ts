import { type Command, InvalidArgumentError } from 'commander';
import { loadPipelineFile } from '../config/pipeline-file.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { OffsetGoal } from '../runtime/move-offsets.ts';
import { setSinkOffsets } from '../runtime/sink-offsets.ts';
import type { CliContext } from './cli-context.ts';

/** Flags of `offsets set`. */
interface OffsetsSetFlags {
  readonly sink?: string;
  readonly topic?: string;
  readonly partition?: number;
  readonly toEarliest?: boolean;
  readonly toLatest?: boolean;
  readonly toOffset?: number;
  readonly toTimestamp?: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

async function offsetsSetCommand(
  file: string,
  flags: OffsetsSetFlags,
  { output, environment, clock, signal }: CliContext,
): Promise<void> {
  const { sink = null, topic = null, partition = null } = flags;
  const { dryRun = false, json = false } = flags;
  if (partition !== null && topic === null) {
    throw new TidemarkError('USAGE', '--partition needs --topic');
  }
  const request = { sink, topic, partition, goal: goalOf(flags), dryRun };
  const config = loadPipelineFile(file, environment);
  const result = await setSinkOffsets(config, request, clock, signal);
  if (json) {
    output.json({ dryRun, ...result });
    return;
  }
  const rows = result.moves.map((move) => [
    `${move.topic}/${move.partition}`,
    move.groupOffset === null ? '-' : String(move.groupOffset),
    move.targetOffset === null ? '-' : String(move.targetOffset),
    String(move.after),
    String(move.endOffset),
  ]);
  output.table([['topic/partition', 'group', 'target', 'after', 'end'], ...rows]);
  if (rows.length === 0) output.line('The sink has no topics yet.');
  for (const note of result.notes) output.line(note);
  if (dryRun) output.line('Nothing was changed (--dry-run).');
}

function goalOf(flags: OffsetsSetFlags): OffsetGoal {
  const { toEarliest = false, toLatest = false, toOffset, toTimestamp, topic } = flags;
  const goals: OffsetGoal[] = [
    ...(toEarliest ? [{ kind: 'earliest' } as const] : []),
    ...(toLatest ? [{ kind: 'latest' } as const] : []),
    ...(toOffset === undefined ? [] : [{ kind: 'offset', offset: toOffset } as const]),
    ...(toTimestamp === undefined
      ? []
      : [{ kind: 'timestamp', timestampMs: toTimestamp } as const]),
  ];
  const [goal, another] = goals;
  if (goal === undefined || another !== undefined) {
    throw new TidemarkError(
      'USAGE',
      'say where to: one of --to-earliest, --to-latest, --to-timestamp, --to-offset',
    );
  }
  if (goal.kind === 'offset' && topic === undefined) {
    throw new TidemarkError('USAGE', '--to-offset needs --topic: offsets count each by itself');
  }
  return goal;
}

/** Adds `tidemark offsets set`: moves a sink, while its daemons are stopped. */
export function addOffsetsSet(offsets: Command, context: CliContext): void {
  offsets
    .command('set')
    .description('move a sink, while it is stopped: apply records again, or skip some')
    .argument('<file>', 'pipeline file')
    .option('--sink <name>', 'which sink; without it the only one')
    .option('--topic <topic>', 'only this topic')
    .option('--partition <number>', 'only this partition of it', count)
    .option('--to-earliest', 'to the oldest record')
    .option('--to-latest', 'behind the newest record')
    .option('--to-timestamp <time>', 'to the first record of this time (ISO 8601) or later', time)
    .option('--to-offset <number>', 'to this offset; needs --topic', count)
    .option('--dry-run', 'show it, change nothing')
    .option('--json', 'print JSON for programs')
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  tidemark offsets set shop.yaml --sink warehouse --to-earliest --dry-run\n' +
        '  tidemark offsets set shop.yaml --to-timestamp 2026-11-21T08:00:00Z\n',
    )
    .action((file: string, flags: OffsetsSetFlags) => offsetsSetCommand(file, flags, context));
}

function count(text: string): number {
  if (!/^\d{1,15}$/.test(text)) {
    throw new InvalidArgumentError('a whole number from 0 is expected');
  }
  return Number(text);
}

/** A time without a zone would mean another one on each machine. */
function time(text: string): number {
  const isComplete = /^\d{4}-\d\d-\d\d(?:T.+(?:Z|[+-]\d\d:\d\d))?$/.test(text);
  const timestampMs = isComplete ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(timestampMs)) {
    throw new InvalidArgumentError('a time such as 2026-11-21T08:00:00Z is expected');
  }
  return timestampMs;
}
