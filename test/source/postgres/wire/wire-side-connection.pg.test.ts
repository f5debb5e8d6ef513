import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { SideConnection } from '../../../../src/source/postgres/wire/wire-side-connection.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import { connectionTo } from '../../../support/postgres-source.ts';

test('queries run in turn, and a lost connection is made anew', async () => {
  await using database = await freshDatabase();
  await using side = new SideConnection(connectionTo(database), 'side', systemClock);
  const value = async (sql: string): Promise<string | null | undefined> =>
    (await side.query(sql))[0]?.rows[0]?.[0];
  expect(await Promise.all([value('SELECT 1'), value('SELECT 2'), value('SELECT 3')])).toEqual([
    '1',
    '2',
    '3',
  ]);
  await expect(side.query('SELECT 1/0')).rejects.toMatchObject({ code: 'PG_SERVER' });
  const pid = await value('SELECT pg_backend_pid()');
  await database.query('SELECT pg_terminate_backend($1)', [pid]);
  await database.until('SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $1', [pid]);
  // The first may still run into the closing connection.
  await side.query('SELECT 1').catch(() => undefined);
  expect(await value('SELECT pg_backend_pid()')).not.toBe(pid);
});
