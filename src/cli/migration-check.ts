import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { loadPipelineFile } from '../config/pipeline-file.ts';
import { TidemarkError, toTidemarkError } from '../foundation/errors.ts';
import type { ToldAlert } from '../runtime/try-migration.ts';
import type { CliContext } from './cli-context.ts';
import type { ConsoleOutput } from './console-output.ts';

/** From which alert on a migration fails. */
export const FAIL_GRADES = ['info', 'warning', 'breaking'] as const;
type FailGrade = (typeof FAIL_GRADES)[number];

/** What follows `tidemark check <file> --against`. */
export interface AgainstFlags {
  readonly against: readonly string[];
  readonly scratch: string | undefined;
  readonly database: string | undefined;
  readonly failOn: FailGrade;
  readonly singleTransaction: boolean;
  readonly json: boolean;
}

/** Besides those of all commands: there are alerts, and there are breaking ones. */
const ALERTS = 4;
const BREAKING = 5;

/** `tidemark check --against`: what people would be told of a migration, before it is run. */
export async function migrationCheck(
  file: string,
  { against, scratch, database, failOn, singleTransaction, json }: AgainstFlags,
  context: CliContext,
): Promise<number> {
  const { environment, output, signal, clock } = context;
  const config = loadPipelineFile(file, environment);
  const scripts = await Promise.all(
    against.map(async (name) => ({ name: path.basename(name), text: await scriptText(name) })),
  );
  const notes: string[] = [];
  const note = (text: string): void => {
    notes.push(text);
    if (!json) output.note(`note: ${text}`);
  };
  const request = {
    scripts,
    inOneTransaction: singleTransaction,
    scratch: scratch ?? null,
    database: database ?? null,
    note,
  };
  const { tryMigration } = await import('../runtime/try-migration.ts');
  const alerts = await tryMigration(config, request, signal, clock);
  const exitCode = exitCodeOf(alerts, failOn);
  if (json) output.json({ ok: exitCode === 0, failOn, worst: worstOf(alerts), alerts, notes });
  else report(output, against, alerts);
  return exitCode;
}

async function scriptText(name: string): Promise<string> {
  try {
    return await readFile(name, 'utf8');
  } catch (error) {
    const { message } = toTidemarkError(error);
    throw new TidemarkError('USAGE', `${name} cannot be read: ${message}`, {
      cause: error,
      cure: 'Check the path after --against.',
    });
  }
}

function rankOf(alert: ToldAlert): number {
  return FAIL_GRADES.findIndex((grade) => grade === alert.severity);
}

function worstOf(alerts: readonly ToldAlert[]): FailGrade | null {
  return FAIL_GRADES[Math.max(-1, ...alerts.map(rankOf))] ?? null;
}

function exitCodeOf(alerts: readonly ToldAlert[], failOn: FailGrade): number {
  const worst = worstOf(alerts);
  if (worst === null || FAIL_GRADES.indexOf(worst) < FAIL_GRADES.indexOf(failOn)) return 0;
  return worst === 'breaking' ? BREAKING : ALERTS;
}

const STYLES = { info: 'dim', warning: 'yellow', breaking: 'red', critical: 'red' } as const;

function report(
  output: ConsoleOutput,
  files: readonly string[],
  alerts: readonly ToldAlert[],
): void {
  for (const { severity, text } of alerts) {
    const [first = '', ...rest] = text.split('\n');
    output.line(output.style(STYLES[severity], first));
    for (const line of rest) output.line(line);
  }
  const names = files.join(', ');
  if (alerts.length === 0) {
    output.line(output.style('green', `${names}: nobody would be told of anything.`));
    return;
  }
  const counts = FAIL_GRADES.toReversed().flatMap((grade) => {
    const count = alerts.filter(({ severity }) => severity === grade).length;
    return count === 0 ? [] : [`${count} ${grade}`];
  });
  output.line(output.style('bold', `${names}: ${counts.join(', ')}`));
}
