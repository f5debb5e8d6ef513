import { expect, test } from 'vitest';
import { TidemarkError } from '../../../src/foundation/errors.ts';
import { historyProblem } from '../../../src/sink/sql/history-target.ts';
import type { TargetSession } from '../../../src/sink/sql/target-session.ts';

function answering(error: TidemarkError | null): Pick<TargetSession, 'query'> {
  return {
    query: async () => {
      if (error !== null) throw error;
      return Promise.resolve({ rows: [], rowCount: 0 });
    },
  };
}

const asking = (error: TidemarkError | null, writeMode: 'mirror' | 'both') =>
  historyProblem(answering(error) as TargetSession, { writeMode });

test('a target without window functions cannot show a history (MySQL 5.7)', async () => {
  const syntax = new TidemarkError('SINK_SCHEMA', 'You have an error in your SQL syntax');
  expect(await asking(syntax, 'both')).toMatchObject({
    code: 'SINK_SCHEMA',
    message: expect.stringContaining('no window functions') as string,
  });
  expect(await asking(syntax, 'mirror')).toBeNull();
  expect(await asking(null, 'both')).toBeNull();
  const lost = new TidemarkError('SINK_CONNECT', 'gone');
  await expect(asking(lost, 'both')).rejects.toBe(lost);
});
