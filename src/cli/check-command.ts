import { type Command, Option } from 'commander';
import { loadPipelineFile } from '../config/pipeline-file.ts';
import { TidemarkError, TidemarkErrors } from '../foundation/errors.ts';
import type { CliContext } from './cli-context.ts';
import type { AgainstFlags } from './migration-check.ts';
import { FAIL_GRADES, migrationCheck } from './migration-check.ts';
import { renderErrors } from './render-errors.ts';

type CheckFlags = Partial<AgainstFlags>;

/** Adds `tidemark check`. `outcome` carries the exit code. */
export function addCheck(
  program: Command,
  context: CliContext,
  outcome: { exitCode: number },
): void {
  program
    .command('check')
    .description('test the file, the source and the targets; list all that is wrong at once')
    .argument('<file>', 'pipeline file')
    .option('--against <files...>', 'instead, try migrations in a throw-away copy of the schema')
    .option('--scratch <url>', 'make the copy there, not beside the source (--against)')
    .option('--database <name>', 'of MySQL, MariaDB: which one it is for (--against)')
    .addOption(
      new Option('--fail-on <grade>', 'the least alert that fails (--against)')
        .choices(FAIL_GRADES)
        .default('warning'),
    )
    .option('--single-transaction', 'run all statements in one transaction (--against)')
    .option('--json', 'print JSON for programs')
    .addHelpText(
      'after',
      '\nExit codes: 0 ready, 2 and 3 as everywhere; with --against 0 no alert (or none that ' +
        'counts),\n1 a statement failed, 4 alerts, 5 breaking ones among them.\n' +
        '\nExamples:\n  tidemark check shop.yaml\n' +
        '  tidemark check shop.yaml --against migrations/0042.sql\n' +
        '  tidemark check shop.yaml --against 0042.sql 0043.sql --fail-on breaking --json\n',
    )
    .action(async (file: string, flags: CheckFlags, command: Command) => {
      const { against, json = false } = flags;
      if (against !== undefined) {
        const { scratch, database, failOn = 'warning', singleTransaction = false } = flags;
        const chosen = { against, scratch, database, failOn, singleTransaction, json };
        // Stopped before its end it is no success.
        outcome.exitCode = 1;
        outcome.exitCode = await migrationCheck(file, chosen, context);
        return;
      }
      const idle = ['scratch', 'database', 'failOn', 'singleTransaction'].find(
        (name) => command.getOptionValueSource(name) === 'cli',
      );
      if (idle !== undefined) {
        const flag = idle.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
        throw new TidemarkError('USAGE', `--${flag} without --against: no migration is tried`);
      }
      outcome.exitCode = await checkCommand(file, { json }, context);
    });
}

/**
 * `tidemark check`: all that is wrong at once. Exit code 2 for the file, 3 for source and targets.
 */
async function checkCommand(
  file: string,
  options: { readonly json: boolean },
  context: CliContext,
): Promise<number> {
  const { output, signal, clock } = context;
  const config = loadPipelineFile(file, context.environment);
  const { checkPipeline } = await import('../runtime/check-pipeline.ts');
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
