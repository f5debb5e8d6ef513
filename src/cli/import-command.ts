import { TidemarkErrors } from '../foundation/errors.ts';
import type { Adoption, ImportOutcome } from '../runtime/import-debezium.ts';
import { importDebezium } from '../runtime/import-debezium.ts';
import type { CliContext } from './cli-context.ts';
import { renderErrors } from './render-errors.ts';

/** Flags of `import debezium`. */
export interface ImportCommandOptions {
  readonly connector: string | undefined;
  readonly output: string | undefined;
  readonly bootstrapServers: string | undefined;
  readonly offsetsTopic: string | undefined;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** `tidemark import debezium`: a pipeline file from a connector, and its offset with it. */
export async function importCommand(
  sources: readonly string[],
  options: ImportCommandOptions,
  context: CliContext,
): Promise<number> {
  const { output, environment, signal, clock } = context;
  const { json, ...request } = options;
  const outcome = await importDebezium({ sources, environment, ...request }, signal, clock);
  if (json) output.json(jsonOf(outcome));
  else render(outcome, options.dryRun, context);
  if (outcome.problems.length === 0) return 0;
  if (!json) renderErrors(output, new TidemarkErrors(outcome.problems), false);
  return 3;
}

function jsonOf({ pipeline, problems, ...outcome }: ImportOutcome): unknown {
  const { text, secrets, leftOut, remarks } = pipeline;
  const left = leftOut.map(({ name, reason }) => ({ name, reason }));
  const errors = problems.map((problem) => problem.toJSON());
  return { ...outcome, text, secrets, leftOut: left, remarks, errors };
}

const ADOPTIONS: Readonly<Record<Adoption, string>> = {
  adopted: 'The offset of the connector is stored: the first run goes on from there.',
  shared:
    'The offset of the connector is where Debezium left it: the first run goes on from there.',
  own: 'Tidemark has run under this name already: it goes on from its own offset.',
  none: 'The connector has no offset: the first run begins as that of a new pipeline.',
};

function render(outcome: ImportOutcome, dryRun: boolean, { output }: CliContext): void {
  const { connector, file, pipeline, adoption } = outcome;
  if (dryRun) output.write(pipeline.text);
  else output.line(`Wrote ${file}, from the connector ${connector.name} of ${connector.origin}.`);
  for (const { name, reason } of pipeline.leftOut) output.note(`left out: ${name}: ${reason}`);
  for (const remark of pipeline.remarks) output.warning(remark);
  if (dryRun) {
    output.line(`Nothing was written. The connector is ${connector.state ?? 'not to be seen'}.`);
    return;
  }
  if (adoption !== null) output.line(ADOPTIONS[adoption]);
  output.line('Next:');
  for (const name of pipeline.secrets) output.line(`  export ${name}=…`);
  output.line(`  tidemark check ${file}`);
  output.line(`  tidemark run ${file}`);
}
