import { expect, test } from 'vitest';
import type { PostgresRowChange } from '../../../src/model/change-event.ts';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../../src/source/snapshot/snapshot-options.ts';
import { freshDatabase } from '../../support/postgres.ts';
import { sourceOptionsFor, startStreaming } from '../../support/postgres-source.ts';
import { RecordingReceiver } from '../../support/recording-receiver.ts';

/** Counts the rows between two looks for room, and lets each wait a moment. */
class CountingReceiver extends RecordingReceiver {
  most = 0;
  #rows = 0;

  override row(change: PostgresRowChange): void {
    this.most = Math.max(this.most, ++this.#rows);
    super.row(change);
  }

  override settle(): Promise<void> | undefined {
    this.#rows = 0;
    return super.settle() ?? new Promise((resolve) => setImmediate(resolve));
  }
}

test.each([
  // Each of two connections has its own, and rows are held back for their marks.
  [7, 7, 16],
  [1, 1, 4],
  [10_240, 500, 10_240],
  [0, 500, 3009],
])('with snapshot.fetch.size %i at least %i and at most %i rows come at once', async (...given) => {
  const [fetchSize, least, most] = given;
  await using database = await freshDatabase();
  await database.query(`
    CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY);
    INSERT INTO a SELECT generate_series(1, 3000); INSERT INTO b SELECT generate_series(1, 9);`);
  const receiver = new CountingReceiver();
  const options = sourceOptionsFor(database, {
    snapshots: { ...DEFAULT_SNAPSHOT_OPTIONS, fetchSize },
    snapshotMaxThreads: 2,
  });
  const source = await startStreaming(options, receiver);
  await receiver.until((events) => events.length === 3009);
  expect(receiver.most).toBeGreaterThanOrEqual(least);
  expect(receiver.most).toBeLessThanOrEqual(most);
  // A blocking one, while the stream waits.
  receiver.most = 0;
  const data = JSON.stringify({ type: 'blocking', 'data-collections': ['public.a'] });
  source.reader.signal({ id: 's', type: 'execute-snapshot', data });
  await database.query(`SELECT pg_logical_emit_message(true, 'go', '')`);
  const reads = (): readonly number[] =>
    receiver.events
      .filter((event) => event.op === 'r' && event.table === 'a')
      .map((event) => Number(event.after?.['id']));
  await receiver.until(() => reads().length === 6000);
  await source.stop();
  expect(receiver.most).toBeGreaterThanOrEqual(least);
  expect(receiver.most).toBeLessThanOrEqual(most);
  const once = Array.from({ length: 3000 }, (_, at) => at + 1);
  expect(
    reads()
      .slice(0, 3000)
      .toSorted((x, y) => x - y),
  ).toEqual(once);
  expect(reads().slice(3000)).toEqual(once);
});
