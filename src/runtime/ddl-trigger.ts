import {
  DDL_TRIGGER_INSTALL,
  DDL_TRIGGER_REMOVE,
} from '../../dialects/postgres/postgres-ddl-trigger.ts';
import type { Clock } from '../foundation/clock.ts';
import { TidemarkError, toTidemarkError } from '../foundation/errors.ts';
import { PostgresWire } from '../source/postgres/wire/postgres-wire.ts';
import { isMysqlUrl } from './inspect-mysql.ts';
import { connectionOfUrl } from './inspect-postgres.ts';

/** What may be done about the event trigger. */
export type DdlTriggerTask = 'install' | 'remove';

/** What is run for it. */
export function ddlTriggerScript(task: DdlTriggerTask): string {
  return task === 'install' ? DDL_TRIGGER_INSTALL : DDL_TRIGGER_REMOVE;
}

/**
 * Makes the event trigger that tells the stream of DDL, anew if it is there, or takes it away.
 * Throws PG_PERMISSION to whom it is not allowed, USAGE where it would be of no use.
 */
export async function changeDdlTrigger(
  url: string,
  task: DdlTriggerTask,
  { signal, clock }: { readonly signal: AbortSignal; readonly clock: Clock },
): Promise<void> {
  if (isMysqlUrl(url)) {
    throw new TidemarkError(
      'USAGE',
      '--ddl-trigger is for PostgreSQL: a binlog has the statements',
    );
  }
  const session = { replication: false, applicationName: 'tidemark init' };
  await using wire = await PostgresWire.connect(connectionOfUrl(url), session, signal, clock);
  try {
    await wire.query(ddlTriggerScript(task), signal);
  } catch (thrown) {
    const error = toTidemarkError(thrown);
    if (error.code !== 'PG_PERMISSION') throw error;
    const print = task === 'install' ? '--ddl-trigger --print' : '--ddl-trigger --remove --print';
    throw new TidemarkError('PG_PERMISSION', `event triggers: ${error.message}`, {
      cure: `Only a superuser may do it: give one the script that ${print} prints.`,
      cause: error,
    });
  }
}
