import type { Command } from 'commander';
import { loadPipelineFile } from '../config/pipeline-file.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { SourceGoal } from '../runtime/move-source.ts';
import type { CliContext } from './cli-context.ts';

/** Flags of `offsets set-source`. */
interface SetSourceFlags {
  readonly toGtids?: string;
  readonly toPosition?: string;
  readonly toEnd?: boolean;
  readonly reset?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

async function setSourceCommand(
  file: string,
  flags: SetSourceFlags,
  { output, environment, clock, signal }: CliContext,
): Promise<void> {
  const { dryRun = false, json = false } = flags;
  const goal = goalOf(flags);
  const config = loadPipelineFile(file, environment);
  const { moveSource } = await import('../runtime/move-source.ts');
  const move = await moveSource(config, { goal, dryRun }, clock, signal);
  if (json) {
    output.json({ dryRun, ...move });
    return;
  }
  output.line(`before  ${shown(move.before)}`);
  output.line(`after   ${shown(move.after)}`);
  for (const note of move.notes) output.line(note);
  if (dryRun) output.line('Nothing was changed (--dry-run).');
}

function shown(offset: object | null): string {
  return offset === null ? 'nothing' : JSON.stringify(offset);
}

function goalOf({ toGtids, toPosition, toEnd = false, reset = false }: SetSourceFlags): SourceGoal {
  const goals: SourceGoal[] = [
    ...(toGtids === undefined ? [] : [{ kind: 'gtids', gtids: toGtids } as const]),
    ...(toPosition === undefined ? [] : [placeOf(toPosition)]),
    ...(toEnd ? [{ kind: 'end' } as const] : []),
    ...(reset ? [{ kind: 'reset' } as const] : []),
  ];
  const [goal, another] = goals;
  if (goal !== undefined && another === undefined) return goal;
  throw new TidemarkError(
    'USAGE',
    'say where to: one of --to-gtids, --to-position, --to-end, --reset',
  );
}

/** The name of a file may hold colons. */
function placeOf(text: string): SourceGoal {
  const match = /^(.+):(\d{1,16})$/s.exec(text);
  const pos = Number(match?.[2]);
  if (match === null || !Number.isSafeInteger(pos)) {
    throw new TidemarkError('USAGE', `--to-position ${text}: <file>:<position> is expected`, {
      cure: 'For example mysql-bin.000003:1234.',
    });
  }
  return { kind: 'place', file: match[1] as string, pos };
}

/** Adds `tidemark offsets set-source`: moves a source of binlogs, while its daemon is stopped. */
export function addOffsetsSetSource(offsets: Command, context: CliContext): void {
  offsets
    .command('set-source')
    .description('move a source of MySQL or MariaDB, while it is stopped')
    .argument('<file>', 'pipeline file')
    .option('--to-gtids <set>', 'behind these transactions')
    .option('--to-position <file:position>', 'to this place of the binlog of this server')
    .option('--to-end', 'to the end of the binlog')
    .option('--reset', 'forget the position: the next start is that of a new pipeline')
    .option('--dry-run', 'show it, change nothing')
    .option('--json', 'print JSON for programs')
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  tidemark offsets set-source shop.yaml --to-position mysql-bin.000003:1234 --dry-run\n' +
        '  tidemark offsets set-source shop.yaml --to-gtids 0-1-4711\n',
    )
    .action((file: string, flags: SetSourceFlags) => setSourceCommand(file, flags, context));
}
