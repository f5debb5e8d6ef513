import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../../../src/source/snapshot/snapshot-options.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import { sourceOptionsFor, startStreaming } from '../../../support/postgres-source.ts';

// Issue 9: a policy acts at the Relation message's place, never where a catalog was looked at.
test('a shape of the catalog is told behind all rows that were written before it', async () => {
  await using database = await freshDatabase();
  await database.query(`CREATE TABLE signal (id varchar(42) PRIMARY KEY, type varchar(32) NOT NULL,
      data varchar(2048));
    CREATE TABLE a (id int PRIMARY KEY, t text); INSERT INTO a VALUES (0, '')`);
  const options = sourceOptionsFor(database, {
    snapshotMode: 'no_data',
    snapshots: { ...DEFAULT_SNAPSHOT_OPTIONS, signalTable: 'public.signal' },
  });
  const first = await startStreaming(options);
  await database.query(`INSERT INTO a VALUES (-1, 'x')`);
  await first.receiver.until((events) => events.length === 1);
  await first.stop();
  // The source finds the signal first, and has far to go from there to the shape of the catalog.
  await database.query(`INSERT INTO signal VALUES ('s', 'execute-snapshot',
    '{"data-collections": ["public.a"]}')`);
  await database.query(`DO $$ BEGIN
    FOR i IN 1..1000 LOOP INSERT INTO a VALUES (i, repeat('x', 1900)); COMMIT; END LOOP; END $$`);
  await database.query(`ALTER TABLE a ADD COLUMN v int; INSERT INTO a VALUES (1001, '', 1)`);
  const { receiver } = first;
  const before = receiver.schemas.length;
  const toldSince = () =>
    receiver.schemas.slice(before).filter(({ table }) => table.id.table === 'a');
  const toldAtRow: number[] = [];
  receiver.onRow = () => toldAtRow.push(toldSince().length);
  // A stream that is slow, beside a catalog that is not.
  const settle = receiver.settle.bind(receiver);
  receiver.settle = async () => {
    await setTimeout(10);
    await settle();
  };
  const next = await startStreaming(options, receiver);
  await receiver.until((events) => events.filter(({ op }) => op === 'r').length > 1000);
  await next.stop();
  expect(toldSince().map(({ table }) => table.columns.length)).toEqual([2, 3]);
  // That of the signal, and those of before the change.
  expect(Math.max(...toldAtRow.slice(0, 1001))).toBe(1);
});
