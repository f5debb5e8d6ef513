import { expect, test } from 'vitest';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../../../src/source/snapshot/snapshot-options.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import { sourceOptionsFor, startSource } from '../../../support/postgres-source.ts';
import { RecordingReceiver } from '../../../support/recording-receiver.ts';
import { SteppedClock } from '../../../support/stepped-clock.ts';

test('an incremental snapshot keeps to snapshot.max.rows.per.second', async () => {
  await using database = await freshDatabase();
  await database.query(`
    CREATE TABLE a (id int PRIMARY KEY, v text);
    INSERT INTO a SELECT g, 'x' FROM generate_series(1, 4000) g;`);
  const clock = new SteppedClock(150, 900, 'skip');
  const rate = 400;
  const snapshots = { ...DEFAULT_SNAPSHOT_OPTIONS, chunkSize: 200, rowsPerSecond: rate };
  const options = sourceOptionsFor(database, {
    snapshotMode: 'no_data',
    snapshots,
  });
  const receiver = new RecordingReceiver();
  const source = startSource(options, receiver, { clock });
  await expect.poll(() => source.reader.status().phase, { timeout: 45_000 }).toBe('streaming');
  const began = clock.monotonicMs();
  const data = JSON.stringify({ 'data-collections': ['public.a'] });
  source.reader.signal({ id: 's', type: 'execute-snapshot', data });
  await receiver.until((events) => events.length === 4000);
  const seconds = (clock.monotonicMs() - began) / 1000;
  await source.stop();
  // The last chunk is handed over before its pause: 3800 rows had one.
  const reached = 3800 / seconds / rate;
  expect(reached).toBeGreaterThan(0.8);
  expect(reached).toBeLessThan(1.2);
});
