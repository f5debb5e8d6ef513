import { expect, test } from 'vitest';
import { DEFAULT_SNAPSHOT_OPTIONS } from '../../../../src/source/snapshot/snapshot-options.ts';
import { freshDatabase } from '../../../support/postgres.ts';
import { sourceOptionsFor, startSource } from '../../../support/postgres-source.ts';
import { RecordingReceiver } from '../../../support/recording-receiver.ts';
import { expectTables } from '../../../support/table-rows.ts';

const snapshots = { ...DEFAULT_SNAPSHOT_OPTIONS, chunkRows: 100 };

test('killed again and again under load, the rest is read beside the stream', async () => {
  await using database = await freshDatabase();
  await database.query(`
    CREATE TABLE a (id int PRIMARY KEY, v int NOT NULL, big text);
    ALTER TABLE a ALTER big SET STORAGE EXTERNAL;
    INSERT INTO a SELECT g, 0, CASE WHEN g % 5 = 0 THEN repeat('x', 2500) END
      FROM generate_series(1, 6000) g;
    CREATE TABLE b (x text, y int, PRIMARY KEY (x, y));
    INSERT INTO b SELECT 'k' || g % 7, g FROM generate_series(1, 2000) g;
    CREATE TABLE k (n int); ALTER TABLE k REPLICA IDENTITY FULL;
    INSERT INTO k SELECT g % 50 FROM generate_series(1, 300) g; ANALYZE;`);
  const options = sourceOptionsFor(database, { snapshots, snapshotMaxThreads: 2 });
  const receiver = new RecordingReceiver();
  const writing = new AbortController();
  const writer = (async () => {
    for (let i = 1; !writing.signal.aborted; i++) {
      await database.query(`
        UPDATE a SET v = v + 1 WHERE id = ${((i * 37) % 6000) + 1};
        DELETE FROM a WHERE id = ${((i * 53) % 6000) + 1} AND ${i} % 3 = 0;
        UPDATE a SET id = -id WHERE id = ${((i * 71) % 6000) + 1};
        INSERT INTO a VALUES (${10_000 + i}, 1, 'new'); INSERT INTO b VALUES ('n', ${i});
        INSERT INTO k SELECT ${i % 1000} FROM generate_series(1, 2) WHERE ${i} % 5 = 0;
        DELETE FROM k WHERE n = ${(i + 500) % 1000};`);
    }
  })();
  // More than `k` ever has (500): it is read whole again each time, however far the writer has got.
  const rowsBetweenKills = 700;
  let kills = 0;
  for (;;) {
    const source = startSource(options, receiver);
    const before = receiver.events.filter((event) => event.op === 'r').length;
    let done = false;
    await receiver.until((events) => {
      done = receiver.stored?.offset['tidemark.snapshot'] === 'completed';
      done &&= receiver.stored?.offset['tidemark.snapshots'] === undefined;
      return done || events.filter((event) => event.op === 'r').length > before + rowsBetweenKills;
    });
    if (!done) {
      // As kill -9: nothing more becomes durable.
      receiver.autoFlush = false;
      kills++;
    }
    if (done) {
      writing.abort();
      await writer;
      await database.query(`INSERT INTO a VALUES (-100000, 0, 'end')`);
      await receiver.until((events) => events.some((event) => event.after?.['big'] === 'end'));
    }
    await source.stop();
    receiver.autoFlush = true;
    if (done) break;
  }
  expect(kills).toBeGreaterThan(4);
  expect(receiver.snapshots).toBe(1);
  await expectTables(database, receiver, ['a', 'b', 'k']);
  const reads = receiver.events.filter((event) => event.op === 'r');
  const keys = reads
    .filter((e) => e.table === 'b')
    .map((e) => `${e.after?.['x']} ${e.after?.['y']}`);
  expect(new Set(keys).size).toBe(keys.length);
});

test('a rewritten table is read by its key; without its slot all starts over', async () => {
  await using database = await freshDatabase();
  await database.query(`
    CREATE TABLE a (id int PRIMARY KEY, v text);
    INSERT INTO a SELECT g, repeat('v', 100) FROM generate_series(1, 4000) g; ANALYZE;`);
  const options = sourceOptionsFor(database, { snapshots });
  const receiver = new RecordingReceiver();
  const cutShort = async (): Promise<void> => {
    const source = startSource(options, receiver);
    await receiver.until((events) => events.length > 1000);
    receiver.autoFlush = false;
    await source.stop();
    receiver.autoFlush = true;
  };
  await cutShort();
  await database.query('VACUUM FULL a');
  await database.query(`UPDATE a SET v = 'w' WHERE id > 3900`);
  const source = startSource(options, receiver);
  await receiver.until((events) => new Set(events.map((e) => e.after?.['id'])).size === 4000);
  await receiver.until(() => receiver.stored?.offset['tidemark.snapshots'] === undefined);
  await source.stop();
  expect(receiver.snapshots).toBe(1);
  await expectTables(database, receiver, ['a']);

  const other = sourceOptionsFor(database, { snapshots, slotName: `${database.name}_2` });
  const second = new RecordingReceiver();
  const first = startSource(other, second);
  await second.until((events) => events.length > 1000);
  second.autoFlush = false;
  await first.stop();
  second.autoFlush = true;
  await database.query(`SELECT pg_drop_replication_slot('${database.name}_2')`);
  const again = startSource(other, second);
  await second.until((events) => events.length === 4000);
  await second.until(() => second.stored?.offset['tidemark.snapshot'] === 'completed');
  await again.stop();
  expect(second.snapshots).toBe(2);
  await expectTables(database, second, ['a']);
});
