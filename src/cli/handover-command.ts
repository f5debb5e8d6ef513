import { loadPipelineFile } from '../config/pipeline-file.ts';
import { prepareHandover } from '../runtime/debezium-handover.ts';
import type { CliContext } from './cli-context.ts';

/** `tidemark offsets handover`: what Debezium needs to go on where the pipeline stopped. */
export async function handoverCommand(
  file: string,
  options: { readonly json: boolean },
  { output, environment, clock }: CliContext,
): Promise<void> {
  const config = loadPipelineFile(file, environment);
  const handover = await prepareHandover(config, clock);
  if (options.json) {
    output.json(handover);
    return;
  }
  const { connector, offsets, inPlace } = handover;
  output.line(`Debezium can go on, with a connector named ${connector} and:`);
  for (const [name, value] of Object.entries(handover.config)) output.line(`  ${name}=${value}`);
  if (inPlace) {
    output.line('Its offset is already where Connect looks.');
    return;
  }
  output.line(`Create it in the state STOPPED; then PATCH /connectors/${connector}/offsets with`);
  output.line(`  ${JSON.stringify({ offsets })}`);
}
