import { TidemarkError } from '../../foundation/errors.ts';
import { isPermanent, toSinkError } from './sink-errors.ts';
import type { SqlSinkOptions } from './sql-sink-options.ts';
import type { TargetSession } from './target-session.ts';

/** What stands against histories in a target; null: nothing, or none are kept. */
export async function historyProblem(
  session: TargetSession,
  { writeMode }: Pick<SqlSinkOptions, 'writeMode'>,
): Promise<TidemarkError | null> {
  if (writeMode === 'mirror') return null;
  try {
    await session.query('SELECT ROW_NUMBER() OVER (ORDER BY x.a) AS n FROM (SELECT 1 AS a) x');
    return null;
  } catch (thrown) {
    const error = toSinkError(thrown);
    if (!isPermanent(error)) throw error;
    return new TidemarkError(
      'SINK_SCHEMA',
      `write.mode ${writeMode}: the target has no window functions, of which its views are made`,
      { cause: error, cure: 'Use MySQL 8.0 or newer as the target, or set write.mode to mirror.' },
    );
  }
}
