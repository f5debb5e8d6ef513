import { expect, inject, test } from 'vitest';
import type { EmbeddedPostgres } from '../../../src/demo/embedded-postgres.ts';
import { fromSourceOffset } from '../../../src/source/postgres/replication-offset.ts';
import { sourceOptionsFor, startSource, startStreaming } from '../../support/postgres-source.ts';
import type { RecordingReceiver } from '../../support/recording-receiver.ts';
import { ask, startPair, untilTrue } from '../../support/standby.ts';

const { major } = inject('postgres');

const at = (server: EmbeddedPostgres) => ({
  host: server.host,
  port: server.port,
  user: server.user,
  password: server.password,
  name: 'postgres',
});
const ids = (receiver: RecordingReceiver): readonly unknown[] =>
  receiver.events.map(({ after }) => after?.['id']);

test('a standby is a source from 16 on, and refused before (P109)', async () => {
  await using pair = await startPair(major);
  const { primary, standby } = pair;
  await ask(primary, 'CREATE TABLE a (id int PRIMARY KEY)');
  await ask(primary, 'INSERT INTO a VALUES (1)');
  await ask(primary, 'CREATE PUBLICATION tidemark FOR TABLE a');
  await untilTrue(standby, `SELECT count(*) = 1 FROM pg_publication`);
  const options = sourceOptionsFor(at(standby), { publicationAutocreateMode: 'disabled' });
  const source = startSource(options);
  if (major < 16) {
    await expect(source.ended).rejects.toMatchObject({ code: 'PG_UNSUPPORTED_SERVER' });
    return await source.stop();
  }
  // The slot's beginning waits for a record of the primary, which an idle one seldom writes.
  const streaming = source.receiver.until((events) => events.length >= 1);
  await untilTrue(
    standby,
    `SELECT count(*) = 1 FROM pg_replication_slots WHERE slot_name = 'postgres'`,
  );
  await ask(primary, 'SELECT pg_log_standby_snapshot()');
  await streaming;
  await ask(primary, 'INSERT INTO a VALUES (2)');
  await source.receiver.until((events) => events.length === 2);
  await source.stop();
  expect(ids(source.receiver)).toEqual(['1', '2']);
});

test('after a promotion the stream goes on with the failover slot (P107)', async () => {
  if (major < 17) return expect(major).toBeLessThan(17);
  await using pair = await startPair(major);
  const { primary, standby } = pair;
  await ask(primary, 'CREATE TABLE a (id int PRIMARY KEY)');
  const options = sourceOptionsFor(at(primary), { slotFailover: true, heartbeatIntervalMs: 50 });
  const first = await startStreaming(options);
  const { receiver } = first;
  await ask(primary, 'INSERT INTO a VALUES (1)');
  await receiver.until((events) => events.length === 1);
  // As the worker of sync_replication_slots does it, which may sleep for half a minute.
  await untilTrue(
    standby,
    `WITH sync AS MATERIALIZED (SELECT pg_sync_replication_slots())
     SELECT (SELECT count(*) FROM sync) = 1 AND count(*) = 1 FROM pg_replication_slots
      WHERE slot_name = 'postgres' AND synced AND NOT temporary`,
    // A slot moves on at such records, which come every 15 s by themselves.
    () => ask(primary, 'SELECT pg_log_standby_snapshot()'),
  );
  await first.stop();
  await ask(primary, 'INSERT INTO a VALUES (2)');
  await untilTrue(standby, 'SELECT count(*) = 2 FROM a');
  await primary.stop('immediate');
  await ask(standby, 'SELECT pg_promote()');
  const second = await startStreaming(
    sourceOptionsFor(at(standby), { slotFailover: true }),
    receiver,
  );
  await ask(standby, 'INSERT INTO a VALUES (3)');
  await receiver.until((events) => events.length === 3);
  await second.stop();
  expect(ids(receiver)).toEqual(['1', '2', '3']);
  expect(receiver.stored === null ? 0 : fromSourceOffset(receiver.stored).timeline).toBe(2);
});
