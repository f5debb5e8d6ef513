import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import { freeLoopbackPort } from '../support/daemon-pipeline.ts';
import { freshDatabase } from '../support/postgres.ts';
import { readStoredRecords } from '../support/ledger-log.ts';
import { expectRisingPositions } from '../support/position-oracle.ts';
import { ask, startPair, untilTrue } from '../support/standby.ts';

/** As the worker of sync_replication_slots does it, which may sleep for half a minute. */
const SYNC_SLOTS = `
  WITH sync AS MATERIALIZED (SELECT pg_sync_replication_slots())
  SELECT (SELECT count(*) FROM sync) = 1 AND count(*) = 1 FROM pg_replication_slots
   WHERE slot_name = 'tidemark_ha' AND synced AND NOT temporary`;

test('the primary dies, its standby is promoted: the daemon goes over to it', async () => {
  await using pair = await startPair(18);
  const { primary, standby } = pair;
  await using warehouse = await freshDatabase();
  await ask(primary, 'CREATE TABLE t (id int PRIMARY KEY, v text)');
  await ask(primary, `INSERT INTO t SELECT n, 'snapshot' FROM generate_series(1, 100) n`);
  // Nothing is sent to us before the standby has it.
  await ask(primary, `ALTER SYSTEM SET synchronized_standby_slots = 'standby'`);
  await ask(primary, 'SELECT pg_reload_conf()');
  const folder = await mkdtemp(path.join(tmpdir(), 'tidemark-e2e-'));
  const file = path.join(folder, 'pipeline.yaml');
  const port = await freeLoopbackPort();
  await writeFile(
    file,
    `name: ha
transport: { type: embedded, path: ${path.join(folder, 'store')} }
source:
  connector.class: postgres
  database.hostname: 127.0.0.1,127.0.0.1
  database.port: ${primary.port},${standby.port}
  database.dbname: postgres
  database.user: postgres
  topic.prefix: ha
  slot.failover: true
  heartbeat.interval.ms: 100
  errors.retry.delay.initial.ms: 200
sinks:
  - name: warehouse
    connector.class: jdbc
    connection.url: jdbc:postgresql://${warehouse.host}:${warehouse.port}/${warehouse.name}
    connection.user: ${warehouse.user}
    connection.password: "${warehouse.password}"
http: { listen: 127.0.0.1:${port} }
`,
  );
  try {
    await using daemon = Daemon.start({ file, port });
    await daemon.until(({ source, healthy }) => source.phase === 'streaming' && healthy);
    await untilTrue(standby, SYNC_SLOTS, () => ask(primary, 'SELECT pg_log_standby_snapshot()'));
    await ask(primary, `INSERT INTO t SELECT n, 'before' FROM generate_series(101, 200) n`);
    await warehouse.until('SELECT count(*) = 200 FROM t');
    await primary.stop('immediate');
    // What a standby has of it survives, whether we have seen it or not.
    await vi.waitFor(() => expect(daemon.output).toContain('is a standby'), 30_000);
    await ask(standby, 'SELECT pg_promote()');
    await ask(standby, `INSERT INTO t SELECT n, 'after' FROM generate_series(201, 300) n`);
    await ask(standby, `UPDATE t SET v = 'changed' WHERE id % 50 = 0; DELETE FROM t WHERE id = 7`);
    const rows = 'SELECT id, v FROM t ORDER BY id';
    const wanted = await ask(standby, rows);
    expect(wanted).toHaveLength(299);
    await vi.waitFor(async () => expect(await warehouse.query(rows)).toEqual(wanted), 30_000);
    await daemon.until(({ source, healthy }) => source.phase === 'streaming' && healthy);
    expect(daemon.output).toMatch(
      new RegExp(`streaming from [0-9A-F/]+ of 127.0.0.1:${standby.port}`),
    );
    expect(await daemon.stop()).toBe(0);
    // The timeline is another one, and with it the epoch (ruling 4).
    const records = await readStoredRecords(path.join(folder, 'store'), /^ha\.public\.t$/);
    expect(records).toHaveLength(308);
    expect(expectRisingPositions(records)).toEqual([1, 2]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
