import { expect, test } from 'vitest';
import { freshDatabase } from '../../support/postgres.ts';
import { runningPipeline } from '../../support/running-pipeline.ts';

test('a heartbeat that takes too long is told, and the stream goes on', async () => {
  await using database = await freshDatabase();
  await database.query('CREATE TABLE a (id int PRIMARY KEY)');
  await using running = await runningPipeline(database, {
    source: {
      'database.query.timeout.ms': '2s',
      'heartbeat.interval.ms': 100,
      'heartbeat.action.query': 'SELECT pg_sleep(600)',
    },
  });
  await expect
    .poll(() => running.lines, { timeout: 45_000 })
    .toContainEqual(expect.stringMatching(/heartbeat failed: .*\(SQLSTATE 57014\)/));
  await database.query('INSERT INTO a VALUES (1)');
  await running.records('shop.public.a', 1);
});
