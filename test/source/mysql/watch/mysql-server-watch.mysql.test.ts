import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
import { LogGrowth, retentionView } from '../../../../src/runtime/retention-forecast.ts';
import { MysqlServerWatch } from '../../../../src/source/mysql/watch/mysql-server-watch.ts';
import { eventually } from '../../../support/eventually.ts';
import { sharedMysql } from '../../../support/mysql-database.ts';
import { startServer, type MysqlServer } from '../../../support/mysql-server.ts';

const { signal } = new AbortController();
const EXPIRE_MS = 6000;
const DAY_MS = 86_400_000;

function watchOf({ host, port, user, password }: MysqlServer): MysqlServerWatch {
  const connection = { host, port, user, password, sslMode: 'disabled', connectTimeoutMs: 5000 };
  return new MysqlServerWatch({ connection: connection as never, alternatives: [] }, systemClock);
}

test('when a file of the binlog goes is foretold, and then it goes', async () => {
  await using server = await startServer(sharedMysql().series);
  const has = async (name: string): Promise<boolean> =>
    (await server.query(`SHOW GLOBAL VARIABLES LIKE '${name}'`)).length > 0;
  const inDays = !(await has('binlog_expire_logs_seconds'));
  const setting = inDays ? 'expire_logs_days' : 'binlog_expire_logs_seconds';
  const limitMs = inDays ? DAY_MS : EXPIRE_MS;
  await server.query(`SET GLOBAL ${setting} = ${inDays ? 1 : EXPIRE_MS / 1000}`);
  // Newer MariaDB keeps files as long as fewer replicas are connected than this.
  const replicas = 'slave_connections_needed_for_purge';
  if (await has(replicas)) await server.query(`SET GLOBAL ${replicas} = 0`);
  const [first] = await server.query<{ Log_name: string }>('SHOW BINARY LOGS');
  const file = first?.Log_name ?? '';
  await using watch = watchOf(server);
  const stored = { partition: { server: 'x' }, offset: { file, pos: 4 } };
  const look = () => watch.look({ closer: false, stored, stream: null, received: null }, signal);
  const open = (await look()).retention;
  const files = await server.query('SHOW BINARY LOGS');
  // The file that is written does not age.
  const left = files.length === 1 ? limitMs : open.age?.leftMs;
  expect(open.age?.leftMs).toBe(left);
  expect(open).toMatchObject({ floor: `${file}:4`, isLost: false });
  await server.query('FLUSH BINARY LOGS');
  const { age } = (await look()).retention;
  expect(age).toMatchObject({ limitMs, isEstimate: false });
  expect(age?.setting).toBe(`${setting} = ${inDays ? 1 : EXPIRE_MS / 1000}`);
  if (inDays) {
    // Nobody waits for a day to see it go.
    expect(Math.abs((age?.leftMs ?? 0) - DAY_MS)).toBeLessThan(60_000);
    return;
  }
  const atMs = systemClock.monotonicMs();
  const foretoldMs = atMs + (age?.leftMs ?? Number.NaN);
  const lost = await eventually(async () => {
    // Files are removed when one is closed.
    await server.query('FLUSH BINARY LOGS');
    const { retention } = await look();
    expect(retention.isLost).toBe(true);
    return retention;
  });
  expect(lost.age).toBeNull();
  // Servers count whole seconds.
  const offMs = systemClock.monotonicMs() - foretoldMs;
  expect(Math.abs(offMs)).toBeLessThan(0.2 * EXPIRE_MS + 1000);
});

const MB = 1024 * 1024;
const TOTAL_BYTES = 20 * MB;
const BYTES_PER_SECOND = 2 * MB;

/** MariaDB from 11.4 on; the others have no limit of size. */
test('when a file of the binlog goes by size is foretold, and then it goes', async () => {
  const settings = { 'max-binlog-size': String(MB / 4), 'slave-connections-needed-for-purge': '0' };
  const bySize = sharedMysql().series === '11.4';
  await using server = await startServer(sharedMysql().series, bySize ? { settings } : {});
  const found = await server.query("SHOW GLOBAL VARIABLES LIKE 'max_binlog_total_size'");
  expect(found).toHaveLength(bySize ? 1 : 0);
  const [first] = await server.query<{ Log_name: string }>('SHOW BINARY LOGS');
  await using watch = watchOf(server);
  const stored = { partition: { server: 'x' }, offset: { file: first?.Log_name ?? '', pos: 4 } };
  const look = async () =>
    (await watch.look({ closer: false, stored, stream: null, received: null }, signal)).retention;
  expect((await look()).size).toBeNull();
  if (!bySize) return;
  await server.query(`SET GLOBAL max_binlog_total_size = ${TOTAL_BYTES}`);
  // Each statement would stand there, too.
  await server.query('SET GLOBAL binlog_annotate_row_events = OFF');
  await using database = await server.freshDatabase();
  await database.query('CREATE TABLE t (v longtext)');
  const growth = new LogGrowth();
  const startMs = systemClock.monotonicMs();
  let written = 0;
  let foretold: { readonly atMs: number; readonly leftMs: number } | null = null;
  for (;;) {
    // As fast as a clock says, so that the pace is steady on a busy machine.
    const due = ((systemClock.monotonicMs() - startMs) / 1000) * BYTES_PER_SECOND;
    for (; written < due; written += 100_000) {
      await database.query(`INSERT INTO t VALUES ('${'x'.repeat(100_000)}')`);
    }
    const retention = await look();
    if (retention.isLost) break;
    const atMs = systemClock.monotonicMs();
    growth.add(atMs, retention.endBytes);
    const { budget } = retentionView({ ...retention, age: null }, growth.bytesPerSecond(), 0);
    expect(budget?.setting).toBe(`max_binlog_total_size = ${TOTAL_BYTES}`);
    if (foretold === null && budget !== null && budget.leftPercent < 70) {
      foretold = { atMs, leftMs: budget.leftMs ?? Number.NaN };
    }
    await systemClock.sleep(50, signal);
  }
  const tookMs = systemClock.monotonicMs() - (foretold?.atMs ?? Number.NaN);
  // Of the time that was still to go when it was told.
  expect(Math.abs(tookMs - (foretold?.leftMs ?? Number.NaN))).toBeLessThan(0.2 * tookMs);
});
