import { expect, test } from 'vitest';
import { ask, startPair, untilTrue } from '../support/standby.ts';
import { watchedPipeline } from '../support/watched-pipeline.ts';

test('a sender that waits for a standby, and a standby that is behind', async () => {
  await using pair = await startPair(18);
  const { primary, standby } = pair;
  await ask(primary, 'CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)');
  const of = (port: number) => ({
    'connector.class': 'postgres',
    'database.hostname': '127.0.0.1',
    'database.port': port,
    'database.dbname': 'postgres',
    'database.user': 'postgres',
    'topic.prefix': 'shop',
    // Sooner than what these tests call silence.
    'status.update.interval.ms': 100,
  });

  // Nothing is sent to a slot of failover before the standby has it, which is gone.
  await ask(primary, `ALTER SYSTEM SET synchronized_standby_slots = 'standby'`);
  await ask(primary, 'SELECT pg_reload_conf()');
  const first = await watchedPipeline({ ...of(primary.port), 'slot.failover': true });
  await first.streaming();
  await standby.stop('fast');
  await ask(primary, 'INSERT INTO t VALUES (2)');
  const waits = await first.named('sender_waits');
  expect(waits.evidence.join()).toMatch(/walsender \d+ is .*WaitForStandbyConfirmation/);
  expect(waits.cure).toContain('synchronized_standby_slots');
  await standby.start();
  await first.well();
  await expect.poll(() => first.pipeline.status().source.measures.creates).toBe(1);
  await first.pipeline.stop();

  // The copy has all that it is to send, and is behind all the same.
  await untilTrue(standby, 'SELECT count(*) = 2 FROM t');
  await ask(primary, 'CREATE PUBLICATION copy FOR TABLE t');
  const second = await watchedPipeline({
    ...of(standby.port),
    'slot.name': 'of_copy',
    'publication.name': 'copy',
    'publication.autocreate.mode': 'disabled',
    'snapshot.mode': 'no_data',
  });
  await untilTrue(
    standby,
    `SELECT count(*) = 1 FROM pg_replication_slots WHERE slot_name = 'of_copy' AND active`,
    // A slot on a standby is made when the primary has told of its transactions.
    () => ask(primary, 'SELECT pg_log_standby_snapshot()'),
  );
  await second.streaming();
  await ask(standby, 'SELECT pg_wal_replay_pause()');
  await ask(primary, 'INSERT INTO t VALUES (3)');
  const behind = await second.named('replica_lag');
  expect(behind.title).toMatch(/^the server is a copy, and \d+ s behind its own source$/);
  await ask(standby, 'SELECT pg_wal_replay_resume()');
  await second.well();
  await expect.poll(() => second.pipeline.status().source.measures.creates).toBe(1);
});
