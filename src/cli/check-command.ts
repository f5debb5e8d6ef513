import { loadPipelineFile } from '../config/pipeline-file.ts';
import { TidemarkErrors } from '../foundation/errors.ts';
import { checkPipeline } from '../runtime/check-pipeline.ts';
import type { CliContext } from './cli-context.ts';
import { renderErrors } from './render-errors.ts';

/**
 * `tidemark check`: all that is wrong at once. Exit code 2 for the file, 3 for source and targets.
 */
export async function checkCommand(
  file: string,
  options: { readonly json: boolean },
  context: CliContext,
): Promise<number> {
  const { output, signal, clock } = context;
  const config = loadPipelineFile(file, context.environment);
  const { problems, warnings, notes } = await checkPipeline(config, signal, clock);
  if (options.json) {
    const ok = problems.length === 0;
    output.json({ ok, errors: problems.map((problem) => problem.toJSON()), warnings, notes });
    return ok ? 0 : 3;
  }
  for (const warning of warnings) output.warning(warning);
  for (const note of notes) output.note(`note: ${note}`);
  if (problems.length > 0) {
    renderErrors(output, new TidemarkErrors(problems), false);
    return 3;
  }
  const sinks = config.sinks.length === 1 ? '1 sink' : `${config.sinks.length} sinks`;
  output.line(output.style('green', `${file}: source and ${sinks} are ready.`));
  return 0;
}
