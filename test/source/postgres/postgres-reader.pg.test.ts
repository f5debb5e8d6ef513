import { expect, test } from 'vitest';
import { formatLsn } from '../../../src/model/lsn.ts';
import { freshDatabase } from '../../support/postgres.ts';
import { sourceOptionsFor, startStreaming, storedEndLsn } from '../../support/postgres-source.ts';
import type { RecordedEvent } from '../../support/recording-receiver.ts';

const brief = (event: RecordedEvent): readonly unknown[] => [
  event.op,
  event.table,
  event.before,
  event.after,
];

test('a snapshot row, then every kind of change in commit order', async () => {
  await using database = await freshDatabase();
  await database.query(`
    CREATE TABLE a (id int PRIMARY KEY, name text);
    CREATE TABLE b (id int PRIMARY KEY, note text);
    INSERT INTO a VALUES (1, 'one');`);
  const source = await startStreaming(sourceOptionsFor(database));
  await database.query(`
    BEGIN; INSERT INTO a VALUES (2, 'two'); INSERT INTO b VALUES (1, NULL);
    UPDATE a SET name = 'TWO' WHERE id = 2; COMMIT;`);
  await database.query(`UPDATE a SET id = 3 WHERE id = 2`);
  await database.query(`DELETE FROM b`);
  await database.query(`TRUNCATE a, b`);
  await source.receiver.until((events) => events.filter(({ op }) => op === 't').length === 2);
  await source.stop();
  expect(source.receiver.events.map(brief)).toEqual([
    ['r', 'a', null, { id: '1', name: 'one' }],
    ['c', 'a', null, { id: '2', name: 'two' }],
    ['c', 'b', null, { id: '1', note: null }],
    ['u', 'a', null, { id: '2', name: 'TWO' }],
    ['u', 'a', { id: '2' }, { id: '3', name: 'TWO' }],
    ['d', 'b', { id: '1' }, null],
    ['t', 'a', null, null],
    ['t', 'b', null, null],
  ]);
  const [, first, second, third] = source.receiver.events;
  expect([first?.ordinal, second?.ordinal, third?.ordinal]).toEqual([0, 1, 2]);
  expect(new Set([first?.commitLsn, second?.commitLsn, third?.commitLsn]).size).toBe(1);
  expect(source.receiver.events[7]?.ordinal).toBe(1);
});

test('what is durable is confirmed, and nothing else (P41)', async () => {
  await using database = await freshDatabase();
  await database.query('CREATE TABLE a (id int PRIMARY KEY)');
  const source = await startStreaming(sourceOptionsFor(database));
  const { receiver } = source;
  await database.query('INSERT INTO a VALUES (1)');
  await receiver.until((events) => events.length === 1);
  const confirmed = formatLsn(storedEndLsn(receiver));
  await database.until(
    `SELECT confirmed_flush_lsn >= '${confirmed}' FROM pg_replication_slots WHERE slot_name = $1`,
    [database.name],
  );
  receiver.autoFlush = false;
  const before = storedEndLsn(receiver);
  await database.query('INSERT INTO a VALUES (2)');
  await database.query('SELECT pg_sleep(0.5)');
  await source.stop();
  const [slot] = await database.query<{ at: string; active: boolean }>(
    'SELECT confirmed_flush_lsn::text AS at, active FROM pg_replication_slots WHERE slot_name = $1',
    [database.name],
  );
  expect(slot).toEqual({ at: formatLsn(before), active: false });
});
