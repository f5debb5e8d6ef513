import { writeFileSync } from 'node:fs';
import { TidemarkError } from '../foundation/errors.ts';
import { inspectSource, type SourceInspection } from '../runtime/inspect-source.ts';
import type { CliContext } from './cli-context.ts';
import { nameOfSource, passwordVariable, renderPipelineFile } from './pipeline-template.ts';

/** Flags of `init`. */
export interface InitCommandOptions {
  /** --output; undefined prints. */
  readonly file: string | undefined;
  readonly json: boolean;
}

/** `tidemark init`: inspects a database and writes a commented pipeline file. */
export async function initCommand(
  url: string,
  options: InitCommandOptions,
  context: CliContext,
): Promise<void> {
  const { output } = context;
  const inspection = await inspectSource(url, context.signal, context.clock);
  const text = renderPipelineFile(inspection);
  if (options.file !== undefined) writeNew(options.file, text);
  if (options.json) {
    const { versionText, schemas } = inspection;
    const file = options.file ?? null;
    output.json({ file, text, versionText, ...detectedFacts(inspection), schemas });
    return;
  }
  if (options.file === undefined) {
    output.write(text);
    return;
  }
  output.line(`Wrote ${options.file}. Next:`);
  output.line(`  export ${passwordVariable(nameOfSource(inspection))}=…`);
  output.line(`  tidemark check ${options.file}`);
}

/** Never writes over a file: it may hold a night's work. */
function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason =
      code === 'EEXIST' ? 'exists already' : `cannot be written (${code ?? 'unknown'})`;
    throw new TidemarkError('USAGE', `${file} ${reason}`, {
      cure: 'Choose another name with --output.',
      cause: error,
    });
  }
}

/** What programs may want to know besides the text. */
function detectedFacts(inspection: SourceInspection): Readonly<Record<string, unknown>> {
  if (inspection.kind === 'postgres') {
    const { walLevel, mayReplicate } = inspection;
    return { walLevel, mayReplicate };
  }
  const { kind, findings } = inspection;
  const { problems, warnings } = findings;
  return { family: kind, errors: problems.map((problem) => problem.toJSON()), warnings };
}
