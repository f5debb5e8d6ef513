import { expect, test } from 'vitest';
import { SignalTableWatch } from '../../../../src/source/postgres/incremental/signal-table-watch.ts';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { SideConnection } from '../../../../src/source/postgres/wire/wire-side-connection.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import { connectionTo } from '../../../support/postgres-source.ts';

const options = { signalTable: 'public.signal', signalChannels: ['source'] };
const CREATE = 'CREATE TABLE signal (id text PRIMARY KEY, type text, data text);';

test('a signal table that is dropped or made anew is told, once each', async () => {
  await using database = await freshDatabase();
  await database.query(`${CREATE} CREATE PUBLICATION mine FOR TABLE signal;`);
  await using side = new SideConnection(connectionTo(database), 'test', systemClock);
  const clock = new FakeClock();
  const watch = new SignalTableWatch(options, 'mine', clock);
  const look = async (): Promise<string | null> => {
    clock.advance(5_000);
    const problem = await watch.look(side);
    return problem === null ? null : `${problem.message}. ${problem.cure}`;
  };
  expect(await look()).toBeNull();
  await database.query('DROP TABLE signal');
  // Asked too early it has not looked.
  expect(await watch.look(side)).toBeNull();
  expect(await look()).toContain('was dropped');
  expect(await look()).toBeNull();
  await database.query(CREATE);
  expect(await look()).toContain('ALTER PUBLICATION "mine" ADD TABLE "public"."signal";');
  expect(await look()).toBeNull();
  await database.query(`DROP TABLE signal; ${CREATE} ALTER PUBLICATION mine ADD TABLE signal`);
  expect(await look()).toBeNull();
});

test('without a table, or where it brings no signals, nothing is asked', async () => {
  const clock = new FakeClock();
  const nobody = {
    query: () => Promise.reject(new Error('asked')),
  };
  for (const more of [{ signalTable: null }, { signalChannels: ['file'] }]) {
    const watch = new SignalTableWatch({ ...options, ...more }, 'mine', clock);
    expect(await watch.look(nobody)).toBeNull();
  }
});
