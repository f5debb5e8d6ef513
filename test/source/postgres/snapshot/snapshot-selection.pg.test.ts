import { expect, test } from 'vitest';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../../../src/source/snapshot/snapshot-options.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import { sourceOptionsFor } from '../../../support/postgres-source.ts';
import { startSnapshot } from '../../../support/snapshot-run.ts';

test('snapshot.include.collection.list limits what is read, not what is captured', async () => {
  await using database = await freshDatabase();
  await database.query(`
    CREATE TABLE a (id int); INSERT INTO a VALUES (1);
    CREATE TABLE b (id int); INSERT INTO b VALUES (2);`);
  const snapshots = { ...DEFAULT_SNAPSHOT_OPTIONS, includeTables: [/^public\.b$/] };
  const run = startSnapshot(sourceOptionsFor(database, { snapshots }));
  const { captured } = await run.result;
  expect(run.receiver.events.map((event) => event.table)).toEqual(['b']);
  expect(captured.map(({ info }) => info.name)).toEqual(['a', 'b']);
});
