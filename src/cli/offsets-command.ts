import { readStoredState } from '../runtime/stored-state.ts';
import type { CliContext } from './cli-context.ts';
import { logPlaceOf, type StoreLocation } from './store-location.ts';

/** `tidemark offsets show`: where sources resume and how far sinks are. */
export async function offsetsShowCommand(
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
