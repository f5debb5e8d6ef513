import type { Command } from 'commander';
import { readStoredState } from '../runtime/stored-state.ts';
import type { CliContext } from './cli-context.ts';
import { addOffsetsSet } from './offsets-set-command.ts';
import { addOffsetsSetSource } from './offsets-set-source-command.ts';
import { logPlaceOf, type StoreLocation } from './store-location.ts';

interface ShowFlags {
  readonly path?: string;
  readonly file?: string;
  readonly json?: boolean;
}

/** Adds `tidemark offsets`: where sources resume, how far sinks are, and both set back. */
export function addOffsets(program: Command, context: CliContext): void {
  const offsets = program.command('offsets').description('positions of sources and sinks');
  offsets
    .command('show')
    .option('--json', 'print JSON for programs')
    .option('--file <file>', 'pipeline file, which names the store')
    .option('--path <folder>', 'folder of the store')
    .description('show where sources resume and how far sinks are')
    .addHelpText('after', '\nExamples:\n  tidemark offsets show --file shop.yaml\n')
    .action(async ({ path, file, json = false }: ShowFlags) => {
      await offsetsShowCommand({ path, file, json }, context);
    });
  addOffsetsSet(offsets, context);
  addOffsetsSetSource(offsets, context);
  offsets
    .command('handover')
    .option('--json', 'print JSON for programs')
    .description('whether Debezium can go on from here, and what it has to be told')
    .argument('<file>', 'pipeline file')
    .addHelpText('after', '\nExamples:\n  tidemark offsets handover shop.yaml\n')
    .action(async (file: string, { json = false }: Pick<ShowFlags, 'json'>) => {
      const { handoverCommand } = await import('./handover-command.ts');
      await handoverCommand(file, { json }, context);
    });
}

async function offsetsShowCommand(
  options: StoreLocation & { readonly json: boolean },
  context: CliContext,
): Promise<void> {
  const { output } = context;
  const state = await readStoredState(logPlaceOf(options, context), context.clock);
  if (options.json) {
    output.json({ sources: state.sources, groups: state.groups });
    return;
  }
  output.line(output.style('bold', 'source offsets'));
  for (const { key, offset } of state.sources) output.line(`  ${key}  ${JSON.stringify(offset)}`);
  if (state.sources.length === 0) output.line('  none yet');
  output.line();
  const rows = state.groups.flatMap(({ group, offsets }) =>
    offsets.map(({ topic, partition, offset, endOffset }) => [
      group,
      `${topic}/${partition}`,
      String(offset),
      String(endOffset),
      String(endOffset - offset),
    ]),
  );
  output.table([['group', 'topic/partition', 'offset', 'end', 'behind'], ...rows]);
}
