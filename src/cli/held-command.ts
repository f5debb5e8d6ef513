import type { Command } from 'commander';
import { loadPipelineFile } from '../config/pipeline-file.ts';
import { toTidemarkError } from '../foundation/errors.ts';
import type { HoldView } from '../runtime/gate-views.ts';
import { answerStored, storedHolds } from '../runtime/stored-holds.ts';
import { askDaemonOf } from './alerts-command.ts';
import type { CliContext } from './cli-context.ts';

interface HoldFlags {
  readonly json?: boolean;
}

/** Adds a subcommand with a pipeline file: its name, what it does, the end of an example. */
type AddCommand = (name: string, description: string, example: string) => Command;

/** Adds what is said about tables that wait before a change: the daemon does it, now or later. */
export function addHolds(add: AddCommand, context: CliContext): void {
  add('held', 'tables that wait before a change of their shape, or go on in an old one', '').action(
    (file: string, flags: HoldFlags) => heldCommand(file, flags, context),
  );
  const texts = {
    approve: 'let a table go on with the change that it waits before',
    reject: 'let a table go on in its old shape',
  } as const;
  for (const answer of ['approve', 'reject'] as const) {
    add(answer, texts[answer], ' 1f2e3d4c')
      .argument('<id>', 'as `schema held` shows it, or the table')
      .action((file: string, id: string, flags: HoldFlags) =>
        answerCommand(file, id, answer, flags, context),
      );
  }
}

/** Without a daemon what it left in its store. */
async function orStored<T>(asked: Promise<T>, stored: () => Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (toTidemarkError(error).code !== 'NOT_RUNNING') throw error;
    return stored();
  }
}

async function heldCommand(file: string, { json }: HoldFlags, context: CliContext): Promise<void> {
  const { output, clock, environment } = context;
  const views = await orStored(
    askDaemonOf<readonly HoldView[]>(file, '/schema/held', context),
    () => storedHolds(loadPipelineFile(file, environment), clock),
  );
  if (json === true) {
    output.json(views);
    return;
  }
  if (views.length === 0) output.line('No table waits, and all go on in their own shape.');
  for (const view of views) describe(view, file, context);
}

function describe(view: HoldView, file: string, { output }: CliContext): void {
  const { id, table, state, changes, reason, position, since, bytes, buffer, deadline } = view;
  const name = id === null ? table : `${id} ${table}`;
  output.line(`${output.style(state === 'held' ? 'yellow' : 'dim', state)} ${name}`);
  if (state === 'old shape') {
    output.line(`  next: tidemark schema approve ${file} ${table} has it follow its own shape`);
    return;
  }
  for (const change of changes) output.line(`  ${change}`);
  const at = position === null ? '' : ` at ${position}`;
  output.line(`  since ${since ?? 'before'}${at}: ${reason ?? 'it was answered'}`);
  const until = deadline === null ? '' : `, until ${deadline}`;
  const where = buffer === 'source' ? 'of its log are kept by the server for it' : 'wait';
  output.line(`  ${bytes} bytes ${where}${until}`);
  if (view.unrejectable !== null) output.line(`  it can only be approved: ${view.unrejectable}`);
  else if (id !== null) output.line(`  next: tidemark schema approve (or reject) ${file} ${id}`);
}

async function answerCommand(
  file: string,
  id: string,
  answer: 'approve' | 'reject',
  { json }: HoldFlags,
  context: CliContext,
): Promise<void> {
  const { output, clock, environment } = context;
  const path = `/schema/held/${encodeURIComponent(id)}/${answer}`;
  let isLater = false;
  const view = await orStored(askDaemonOf<HoldView>(file, path, context, {}), () => {
    isLater = true;
    return answerStored(loadPipelineFile(file, environment), id, answer, clock);
  });
  if (json === true) {
    output.json(view);
    return;
  }
  const how = answer === 'approve' ? 'goes on with the change' : 'goes on in its old shape';
  output.line(`${view.table} ${how}${isLater ? ' at the next start of the daemon' : ''}.`);
}
