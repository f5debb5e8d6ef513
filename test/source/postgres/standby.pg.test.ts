import { expect, inject, test, vi } from 'vitest';
import type { EmbeddedPostgres } from '../../../src/demo/embedded-postgres.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import type { PreflightReport } from '../../../src/source/postgres/capture/postgres-preflight.ts';
import { checkPostgresSource } from '../../../src/source/postgres/capture/postgres-preflight.ts';
import type { TidemarkError } from '../../../src/foundation/errors.ts';
import { fromSourceOffset } from '../../../src/source/postgres/stream/replication-offset.ts';
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

/** As the worker of sync_replication_slots does it, which may sleep for half a minute. */
const SYNC_SLOTS = `WITH sync AS MATERIALIZED (SELECT pg_sync_replication_slots())
  SELECT (SELECT count(*) FROM sync) = 1 AND count(*) = 1 FROM pg_replication_slots
   WHERE slot_name = 'postgres' AND synced AND NOT temporary`;

test('a standby is a source from 16 on, and refused before (P109)', async () => {
  await using pair = await startPair(major);
  const { primary, standby } = pair;
  await ask(primary, 'CREATE TABLE a (id int PRIMARY KEY)');
  await ask(primary, 'INSERT INTO a VALUES (1)');
  await untilTrue(standby, `SELECT count(*) = 1 FROM pg_class WHERE relname = 'a'`);
  const options = sourceOptionsFor(at(standby), {
    publicationAutocreateMode: 'filtered',
    heartbeatIntervalMs: 20,
  });
  const { signal } = new AbortController();
  const check = async (): Promise<PreflightReport> =>
    await checkPostgresSource(options, { clock: systemClock, signal });
  if (major < 16) {
    await ask(primary, 'CREATE PUBLICATION tidemark FOR TABLE ONLY a');
    await untilTrue(standby, `SELECT count(*) = 1 FROM pg_publication`);
    const source = startSource(options);
    await expect(source.ended).rejects.toMatchObject({ code: 'PG_UNSUPPORTED_SERVER' });
    expect((await check()).problems.map(({ code }) => code)).toContain('PG_UNSUPPORTED_SERVER');
    return await source.stop();
  }
  // A publication cannot be made here; the cure is what the primary has to be told.
  const [missing] = (await check()).problems;
  expect(missing).toMatchObject({ code: 'PG_PUBLICATION' });
  const [, sql = ''] = /^On the primary: (CREATE PUBLICATION .*;)$/.exec(missing?.cure ?? '') ?? [];
  await ask(primary, sql);
  await untilTrue(standby, `SELECT count(*) = 1 FROM pg_publication`);
  expect(await check()).toMatchObject({ problems: [] });

  // The slot's beginning waits for a record of the primary, which an idle one seldom writes.
  const source = startSource(options);
  const streaming = source.receiver.until((events) => events.length >= 1);
  await vi.waitFor(
    () =>
      expect(source.notes.join()).toContain('on the primary: SELECT pg_log_standby_snapshot();'),
    20_000,
  );
  await ask(primary, 'SELECT pg_log_standby_snapshot()');
  await streaming;
  await ask(primary, 'INSERT INTO a VALUES (2)');
  await source.receiver.until((events) => events.length === 2);
  // Promoted, it goes on with the same slot.
  await primary.stop('immediate');
  await ask(standby, 'SELECT pg_promote()');
  await ask(standby, 'INSERT INTO a VALUES (3)');
  await source.receiver.until((events) => events.length === 3);
  await source.stop();
  expect(ids(source.receiver)).toEqual(['1', '2', '3']);
  expect(source.notes.join()).not.toContain('heartbeat failed');
  const again = await startStreaming(options, source.receiver);
  await ask(standby, 'INSERT INTO a VALUES (4)');
  await source.receiver.until((events) => events.length === 4);
  await again.stop();
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
  await untilTrue(
    standby,
    SYNC_SLOTS,
    // A slot moves on at such records, which come every 15 s by themselves.
    () => ask(primary, 'SELECT pg_log_standby_snapshot()'),
  );
  await first.stop();
  await ask(primary, 'INSERT INTO a VALUES (2)');
  await untilTrue(standby, 'SELECT count(*) = 2 FROM a');
  await primary.stop('immediate');
  // Before it is promoted, the copy of the slot cannot be read: tried again until then.
  const early = startSource(sourceOptionsFor(at(standby), { slotFailover: true }), receiver);
  await expect(early.ended).rejects.toMatchObject({ code: 'PG_SLOT_SYNCED', retry: 'backoff' });
  await early.stop();
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

test('a promotion that lost what was captured is refused for good (P108)', async () => {
  if (major < 17) return expect(major).toBeLessThan(17);
  await using pair = await startPair(major);
  const { primary, standby } = pair;
  await ask(primary, 'CREATE TABLE a (id int PRIMARY KEY)');
  const options = sourceOptionsFor(at(primary), { slotFailover: true, heartbeatIntervalMs: 50 });
  const first = await startStreaming(options);
  const { receiver } = first;
  await ask(primary, 'INSERT INTO a VALUES (1)');
  await receiver.until((events) => events.length === 1);
  await untilTrue(standby, SYNC_SLOTS, () => ask(primary, 'SELECT pg_log_standby_snapshot()'));
  // The standby falls behind: what comes now never gets there.
  await standby.stop('fast');
  await ask(primary, 'INSERT INTO a VALUES (2)');
  // With its commit: of half a transaction it would be told otherwise.
  await receiver.until((events) => {
    const { stored } = receiver;
    const open = stored === null ? null : fromSourceOffset(stored).openCommitLsn;
    return events.length === 2 && open === null;
  });
  await first.stop();
  await primary.stop('immediate');
  await standby.start();
  await ask(standby, 'SELECT pg_promote()');
  await ask(standby, 'INSERT INTO a SELECT generate_series(100, 5000)');
  const refused = startSource(sourceOptionsFor(at(standby), { slotFailover: true }), receiver);
  await expect(refused.ended).rejects.toMatchObject({
    code: 'PG_SLOT_MISMATCH',
    message: expect.stringContaining('where this server left its timeline') as string,
  });
  await refused.stop();
  expect(ids(receiver)).toEqual(['1', '2']);
});

test('a standby whose recovery invalidates the slot under the stream (P106, P109)', async () => {
  if (major < 16) return expect(major).toBeLessThan(16);
  await using pair = await startPair(major, { hot_standby_feedback: 'off' });
  const { primary, standby } = pair;
  await ask(primary, 'CREATE TABLE a (id int PRIMARY KEY)');
  await ask(primary, 'CREATE PUBLICATION tidemark FOR TABLE a');
  await untilTrue(standby, `SELECT count(*) = 1 FROM pg_publication`);
  const options = sourceOptionsFor(at(standby), { publicationAutocreateMode: 'disabled' });
  const source = startSource(options);
  await untilTrue(
    standby,
    `SELECT count(*) = 1 FROM pg_replication_slots WHERE confirmed_flush_lsn IS NOT NULL`,
    () => ask(primary, 'SELECT pg_log_standby_snapshot()'),
  );
  await ask(primary, 'INSERT INTO a VALUES (1)');
  await source.receiver.until((events) => events.length === 1);
  // The primary removes rows of its catalog that the slot's reader may still need.
  for (const sql of ['CREATE TABLE b (id int)', 'DROP TABLE b', 'VACUUM pg_class']) {
    await ask(primary, sql);
  }
  const error = await source.ended.catch((thrown: unknown) => thrown as TidemarkError);
  expect(['PG_RECOVERY_CONFLICT', 'PG_CONNECTION_LOST']).toContain(error?.code);
  await source.stop();
  const again = startSource(options, source.receiver);
  await expect(again.ended).rejects.toMatchObject({ code: 'PG_SLOT_LOST' });
  await again.stop();
});
