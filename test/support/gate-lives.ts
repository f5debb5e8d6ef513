import type { SchemaChangesConfig } from '../../src/config/schema-section.ts';
import { toTidemarkError } from '../../src/foundation/errors.ts';
import type { Lsn } from '../../src/model/lsn.ts';
import type { TableSchema } from '../../src/model/table-schema.ts';
import type { HoldAnswer } from '../../src/runtime/gate-states.ts';
import type { SourceTask } from '../../src/runtime/source-task.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { type Answered, logTask } from './replayed-log.ts';
import type { LoggedTransaction } from './scripted-log.ts';

/** What somebody says of tables that wait: of each in turn the next answer. */
export type Answers = HoldAnswer | readonly HoldAnswer[] | null;

/** One life of a source task. */
export interface Life {
  readonly config: SchemaChangesConfig;
  /** Writes until it crashes. */
  readonly left?: number;
  /** To all that waits; null: nobody says anything. */
  readonly answer: Answers;
  readonly chunk?: number;
  readonly keepalives?: boolean;
  readonly begins?: (again: boolean) => void;
  readonly confirmed?: (place: Lsn) => unknown;
  /** Told of each answer that is durable, whoever or whatever gave it. */
  readonly answered?: (hold: Answered) => void;
}

/** Says it of all that waits; false: nothing does. What cannot be rejected is approved. */
async function answerAll(task: SourceTask, next: () => HoldAnswer): Promise<boolean> {
  const waiting = task.holds?.views().filter(({ id }) => id !== null) ?? [];
  for (const { id, unrejectable } of waiting) {
    const answer = next();
    await task.holds?.answer(id ?? '', unrejectable === null ? answer : 'approve');
  }
  return waiting.length > 0;
}

/** Runs a life until it crashes, a deadline ends it, or it has all and nothing is to be said. */
export async function live(
  transport: Transport,
  log: readonly LoggedTransaction[],
  { config, left = Number.POSITIVE_INFINITY, answer, chunk = 3, ...told }: Life,
  tables: readonly TableSchema[],
): Promise<void> {
  const stop = new AbortController();
  const crash = { left };
  let isAnswering = false;
  let said = 0;
  const answers = typeof answer === 'string' ? [answer] : (answer ?? []);
  const next = (): HoldAnswer => answers[said++ % answers.length] ?? 'approve';
  const atEnd = (task: SourceTask): void => {
    const goesOut = task.holds?.views().some(({ state }) => state === 'going out') === true;
    if (goesOut || isAnswering) return;
    isAnswering = true;
    const all = answers.length === 0 ? Promise.resolve(false) : answerAll(task, next);
    all.then(
      (isAnswered) => {
        isAnswering = false;
        if (!isAnswered) stop.abort();
      },
      () => stop.abort(),
    );
  };
  const task = logTask(transport, log, tables, { config, crash, chunk, atEnd, ...told });
  await task
    .run(
      stop.signal,
      () => undefined,
      () => undefined,
    )
    .catch((error: unknown) => {
      const isExpired = toTidemarkError(error).code === 'SCHEMA_HOLD_EXPIRED';
      const mayExpire = config.holdDeadlineMs > 0 || config.holdBytesMax < 1_000_000;
      if (crash.left >= 0 && !(isExpired && mayExpire)) throw error;
    });
}
