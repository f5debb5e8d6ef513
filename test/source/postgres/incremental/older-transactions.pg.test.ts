import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { OlderTransactions } from '../../../../src/source/postgres/incremental/older-transactions.ts';
import { SideConnection } from '../../../../src/source/postgres/wire/wire-side-connection.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import { connectionTo } from '../../../support/postgres-source.ts';
import { taskList } from '../../../support/window-fixtures.ts';

const { signal } = new AbortController();

test('those that are open have to end; what begins later is not waited for', async () => {
  await using database = await freshDatabase();
  await using side = new SideConnection(connectionTo(database), 'tidemark test', systemClock);
  const notes: string[] = [];
  const { tasks } = taskList({});
  const older = new OlderTransactions(tasks, {
    clock: systemClock,
    note: (text) => void notes.push(text),
  });
  let connections = 0;
  const connect = (): Promise<SideConnection> => {
    connections++;
    return Promise.resolve(side);
  };
  expect(older.mayBeOpen).toBe(true);
  expect(await older.haveEnded(connect, signal)).toBe(true);
  expect(older.mayBeOpen).toBe(false);
  expect(connections).toBe(0);
  const open = await database.connect();
  await open.query('BEGIN; SELECT pg_current_xact_id()');
  await older.mustEnd(side);
  expect(older.mayBeOpen).toBe(true);
  const later = await database.connect();
  await later.query('BEGIN; SELECT pg_current_xact_id()');
  expect(await older.haveEnded(connect, signal)).toBe(false);
  expect(JSON.parse(tasks.text ?? '')).toMatchObject({ notBefore: tasks.state.notBefore });
  expect(notes).toEqual([expect.stringContaining('snapshots wait for the end of transactions')]);
  await open.query('ROLLBACK');
  // Other databases of the server have transactions of their own.
  await expect.poll(async () => await older.haveEnded(connect, signal)).toBe(true);
  expect(older.mayBeOpen).toBe(false);
  await later.query('ROLLBACK');
});
