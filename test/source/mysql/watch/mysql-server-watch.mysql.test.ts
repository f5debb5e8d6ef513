import { expect, test } from 'vitest';
import { systemClock } from '../../../../src/foundation/clock.ts';
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
  const look = () => watch.look({ closer: false, stored, stream: null }, signal);
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
