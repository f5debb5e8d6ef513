import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { SideSession } from '../../../../src/source/mysql/wire/side-session.ts';
import { freshMysqlDatabase } from '../../../support/mysql-database.ts';
import { connectionTo } from '../../../support/mysql-source.ts';

test('a session that the server has cut is made anew by the next query', async () => {
  await using database = await freshMysqlDatabase();
  await using side = new SideSession(connectionTo(database), systemClock);
  const idOf = async (): Promise<string | null | undefined> =>
    (await side.query('SELECT CONNECTION_ID()')).rows[0]?.[0];
  const id = await idOf();
  expect(await idOf()).toBe(id);
  await database.query(`KILL ${id}`);
  await expect.poll(() => idOf().catch(() => id), { message: 'another session' }).not.toBe(id);
});
