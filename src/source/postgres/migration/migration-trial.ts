import type { ScriptStatement } from '../../../../dialects/postgres/postgres-script.ts';
import { splitPostgresScript } from '../../../../dialects/postgres/postgres-script.ts';
import {
  isPassedOver,
  outsideOfDatabase,
} from '../../../../dialects/postgres/postgres-script-limits.ts';
import { databaseSettings } from '../../../../dialects/postgres/postgres-schema-copy.ts';
import type { MigrationScript, MigrationTrial, PlacedStatement } from '../../checked-migration.ts';
import {
  failedStatement,
  placeText,
  refusedStatements,
  StatementListener,
} from '../../checked-migration.ts';
import type {
  PostgresConnectionOptions,
  PostgresSourceOptions,
} from '../postgres-source-options.ts';
import type { Querier } from '../wire/catalog-session.ts';
import { PostgresWire } from '../wire/postgres-wire.ts';
import { CopyWatch } from './copy-watch.ts';
import { copiedCapture, sourceCapture } from './copied-capture.ts';
import type { UncopiedObject } from './schema-copy.ts';
import { copySchema } from './schema-copy.ts';
import { readDatabaseForm, SCRATCH_SESSION, ScratchDatabase } from './scratch-database.ts';

/** A migration of a database of PostgreSQL. */
export interface PostgresMigrationTrial extends MigrationTrial {
  readonly options: PostgresSourceOptions;
  /** Where the copy is made; null: beside the source's database. */
  readonly scratch: PostgresConnectionOptions | null;
}

/** A statement as the script has it, with its place. */
interface Step extends PlacedStatement {
  readonly statement: ScriptStatement;
}

/**
 * Runs a migration in a throw-away copy of the database, and tells what becomes of the captured
 * tables. A transaction is told when it is committed, as the stream would hear of it.
 */
export async function tryPostgresMigration(trial: PostgresMigrationTrial): Promise<void> {
  const { options, clock, signal, note } = trial;
  // Before anything is made, or run.
  const steps = stepsOf(trial.scripts);
  await using source = await PostgresWire.connect(
    options.connection,
    SCRATCH_SESSION,
    signal,
    clock,
  );
  const captured = await sourceCapture(source, options, signal);
  const form = await readDatabaseForm(source, signal);
  const { connection } = options;
  await using scratch = await ScratchDatabase.create({
    connection: trial.scratch ?? connection,
    form,
    clock,
    signal,
    note,
  });
  const connect = (): Promise<PostgresWire> =>
    PostgresWire.connect(scratch.connection, SCRATCH_SESSION, signal, clock);
  // Stays in there until the end, so that no other run takes the copy for a leftover.
  await using looking = await connect();
  const uncopied = await copied(source, connect, signal);
  const copy = await copiedCapture(looking, captured, options, uncopied, signal);
  for (const text of copyNotes(uncopied, captured.catalog.server.version, copy.version)) note(text);
  await using session = await connect();
  for (const setting of databaseSettings(form)) await session.query(setting, signal);
  const listener = new StatementListener(trial.listener);
  const watch = new CopyWatch({ options, capture: copy, listener, looking, session, clock });
  await watch.begin();
  await run(steps, session, watch, trial);
}

/** Its session has settings that are not for the migration. */
async function copied(
  source: Querier,
  connect: () => Promise<PostgresWire>,
  signal: AbortSignal,
): Promise<readonly UncopiedObject[]> {
  await using making = await connect();
  return await copySchema(source, making, signal);
}

function* copyNotes(
  uncopied: readonly UncopiedObject[],
  version: number,
  copyVersion: number,
): Iterable<string> {
  for (const { name, reason } of uncopied) yield `not in the copy: ${name} (${reason})`;
  const [major, copyMajor] = [version, copyVersion].map((one) => Math.floor(one / 10_000));
  if (major === copyMajor) return;
  yield `the copy is on PostgreSQL ${copyMajor}, and the source on ${major}`;
}

async function run(
  steps: readonly Step[],
  session: Querier,
  watch: CopyWatch,
  { inOneTransaction, signal, note }: MigrationTrial,
): Promise<void> {
  let block = inOneTransaction;
  if (inOneTransaction) await session.query('BEGIN', signal);
  for (const step of steps) {
    try {
      await session.query(step.text, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw failedStatement(step, error);
    }
    block = isInBlock(step.statement, block);
    await watch.ran(step, block);
  }
  if (!block) return;
  if (inOneTransaction) {
    await session.query('COMMIT', signal);
    await watch.committed();
    return;
  }
  const last = steps.at(-1);
  const place = last === undefined ? '' : ` (${placeText(last)})`;
  note(`the last transaction has no COMMIT${place}: what it did is not told`);
}

/** Whether a transaction is open behind the statement. */
function isInBlock({ tokens }: ScriptStatement, before: boolean): boolean {
  const words = tokens.slice(0, 6).map(({ upper }) => upper);
  const text = words.join(' ');
  if (/^(?:BEGIN|START TRANSACTION)\b/.test(text)) return true;
  if (!/^(?:COMMIT|END|ROLLBACK|ABORT)\b/.test(text)) return before;
  if (words.includes('TO')) return before;
  return /\bAND CHAIN\b/.test(text);
}

function stepsOf(scripts: readonly MigrationScript[]): readonly Step[] {
  const steps = scripts.flatMap(({ name, text }) =>
    splitPostgresScript(text).map((statement) => ({
      script: name,
      line: statement.line,
      text: statement.text,
      statement,
    })),
  );
  const refused = steps.flatMap((at) => {
    const reason = outsideOfDatabase(at.statement);
    return reason === null ? [] : [{ at, reason }];
  });
  if (refused.length > 0) throw refusedStatements(refused);
  return steps.filter(({ statement }) => !isPassedOver(statement));
}
