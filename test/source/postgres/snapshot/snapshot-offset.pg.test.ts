import { expect, test } from 'vitest';
import { freshDatabase } from '../../../support/postgres.ts';
import { sourceOptionsFor, startStreaming } from '../../../support/postgres-source.ts';

test('when_needed: a lost slot leads to a new snapshot, and only that', async () => {
  await using database = await freshDatabase();
  await database.query('CREATE TABLE a (id int PRIMARY KEY); INSERT INTO a VALUES (1)');
  const options = sourceOptionsFor(database, { snapshotMode: 'when_needed' });
  const first = await startStreaming(options);
  await first.stop();
  const second = await startStreaming(options, first.receiver);
  await second.stop();
  expect(second.receiver.snapshots).toBe(1);
  await database.query(`SELECT pg_drop_replication_slot('${database.name}')`);
  await database.query('INSERT INTO a VALUES (2)');
  const third = await startStreaming(options, first.receiver);
  await third.stop();
  expect(third.receiver.snapshots).toBe(2);
  expect(third.receiver.events.map((event) => event.after?.['id'])).toEqual(['1', '2']);
});
