import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { LogGrowth, retentionView } from '../../../../src/runtime/retention-forecast.ts';
import { PostgresServerWatch } from '../../../../src/source/postgres/watch/postgres-server-watch.ts';
import { freshDatabase, startOwnServer, type TestDatabase } from '../../../support/postgres.ts';

const { signal } = new AbortController();
const REQUEST = { closer: false, stored: null, stream: null, received: null };
const BYTES_PER_SECOND = 16_000_000;

function watchOf(database: TestDatabase): PostgresServerWatch {
  const { host, port, user, password, name } = database;
  const login = { host, port, user, password, database: name };
  return new PostgresServerWatch(
    {
      connection: { ...login, sslMode: 'disable', connectTimeoutMs: 5000 },
      slotName: `slot_${name}`,
      publicationName: 'p',
    },
    systemClock,
  );
}

async function makeSlot(database: TestDatabase): Promise<void> {
  await database.query('CREATE PUBLICATION p');
  const slot = `slot_${database.name}`;
  await database.query(`SELECT pg_create_logical_replication_slot('${slot}', 'pgoutput')`);
}

test('how long a slot lasts is foretold, and what was foretold happens (P106)', async () => {
  await using server = await startOwnServer({
    settings: { max_slot_wal_keep_size: '64MB', checkpoint_timeout: '1h' },
  });
  await using database = await server.freshDatabase();
  await makeSlot(database);
  await using watch = watchOf(database);
  const growth = new LogGrowth();
  const startMs = systemClock.monotonicMs();
  let written = 0;
  let foretoldMs: number | null = null;
  for (;;) {
    // As fast as a clock says, so that the pace is steady on a busy machine.
    const due = ((systemClock.monotonicMs() - startMs) / 1000) * BYTES_PER_SECOND;
    for (; written < due; written += 100_000) {
      await database.query(`SELECT pg_logical_emit_message(false, 'x', repeat('x', 100000))`);
    }
    const { retention } = await watch.look(REQUEST, signal);
    const nowMs = systemClock.monotonicMs();
    growth.add(nowMs, retention.endBytes);
    const { budget } = retentionView(retention, growth.bytesPerSecond(), 0);
    expect(budget?.setting).toBe('max_slot_wal_keep_size = 64MB');
    if (foretoldMs === null && budget !== null && budget.leftPercent < 60) {
      foretoldMs = nowMs + (budget.leftMs ?? 0);
      expect(budget.leftPercent).toBeGreaterThan(20);
    }
    if (budget?.leftBytes === 0) break;
    await systemClock.sleep(50, signal);
  }
  const lostMs = systemClock.monotonicMs();
  const took = lostMs - startMs;
  expect(foretoldMs).not.toBeNull();
  // Of the time that was still to go when it was told.
  expect(Math.abs(lostMs - (foretoldMs ?? 0))).toBeLessThan(0.2 * took * 0.6);
  await database.query('CHECKPOINT');
  const gone = await watch.look(REQUEST, signal);
  expect(gone.retention).toMatchObject({ isLost: true, state: 'lost' });
});

test('slot, transactions and publication', async () => {
  await using database = await freshDatabase();
  await using watch = watchOf(database);
  const none = await watch.look(REQUEST, signal);
  expect(none).toMatchObject({ sender: null, missing: 'the publication p does not exist' });
  expect(none.retention).toMatchObject({ floor: null, heldBytes: null, isLost: false });
  await database.query('CREATE TABLE t (v text)');
  await makeSlot(database);
  const before = await watch.look(REQUEST, signal);
  expect(before.missing).toBeNull();
  const open = await database.connect();
  await open.query('BEGIN; INSERT INTO t VALUES (1)');
  await database.query(`INSERT INTO t SELECT repeat('x', 1000) FROM generate_series(1, 20000)`);
  const after = await watch.look({ ...REQUEST, closer: true }, signal);
  expect(after.retention.heldBytes).toBeGreaterThan(20_000_000);
  expect(after.retention.endBytes).toBeGreaterThan(before.retention.endBytes + 20_000_000);
  expect(after.retention.state).toBe('reserved');
  expect(after.blockers).toContainEqual(
    expect.objectContaining({ kind: 'transaction', statement: 'BEGIN; INSERT INTO t VALUES (1)' }),
  );
  await open.query('ROLLBACK');
});
