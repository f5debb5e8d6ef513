import { changeDdlTrigger, ddlTriggerScript } from '../runtime/ddl-trigger.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { CliContext } from './cli-context.ts';

/** Flags of `init` that are of the event trigger. */
export interface DdlTriggerFlags {
  readonly ddlTrigger?: boolean;
  readonly print?: boolean;
  readonly remove?: boolean;
}

/** Whether `init` is asked for the trigger. Throws USAGE for flags that need it, or exclude it. */
export function asksForDdlTrigger(
  { ddlTrigger = false, print = false, remove = false }: DdlTriggerFlags,
  output: string | undefined,
): boolean {
  const [alone] = [...(print ? ['--print'] : []), ...(remove ? ['--remove'] : [])];
  if (!ddlTrigger && alone !== undefined) {
    throw new TidemarkError('USAGE', `${alone} goes with --ddl-trigger`);
  }
  if (ddlTrigger && output !== undefined) {
    throw new TidemarkError('USAGE', '--ddl-trigger writes no pipeline file: leave --output away');
  }
  return ddlTrigger;
}

/** `tidemark init --ddl-trigger`: makes, prints or removes the event trigger. */
export async function ddlTriggerCommand(
  url: string,
  { print = false, remove = false, json = false }: DdlTriggerFlags & { readonly json?: boolean },
  context: CliContext,
): Promise<void> {
  const task = remove ? 'remove' : 'install';
  const { output } = context;
  if (print) {
    const sql = ddlTriggerScript(task);
    if (json) output.json({ sql });
    else output.write(sql);
    return;
  }
  await changeDdlTrigger(url, task, context);
  if (json) output.json({ ddlTrigger: remove ? 'removed' : 'installed' });
  else if (remove) output.line('The event trigger is gone; changes are told from the catalog.');
  else {
    output.line('The event trigger tells of DDL: alerts have its text, its place and who sent it.');
    output.line('A daemon that runs sees it within a second.');
  }
}
