import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { expect, test, vi } from 'vitest';
import { EmbeddedPostgres } from '../../src/demo/embedded-postgres.ts';
import { processesIn, processIdentity } from '../../src/demo/server-processes.ts';
import { freshDatabase, startOwnServer } from '../support/postgres.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const modulePath = path.resolve(import.meta.dirname, '../../src/demo/embedded-postgres.ts');

test('the shared server is the right major, logical, UTF-8, on loopback', async () => {
  await using database = await freshDatabase();
  const [row] = await database.query(
    `SELECT current_setting('server_version_num')::int / 10000 AS major,
            current_setting('wal_level') AS wal, current_setting('server_encoding') AS encoding,
            current_setting('listen_addresses') AS listen,
            current_setting('unix_socket_directories') AS sockets`,
  );
  expect(row).toEqual({
    major: database.major,
    wal: 'logical',
    encoding: 'UTF8',
    listen: '127.0.0.1',
    sockets: '',
  });
});

test('disposing a database drops it together with its slots', async () => {
  await using other = await freshDatabase();
  const database = await freshDatabase();
  await database.query(`SELECT pg_create_logical_replication_slot('left_behind', 'pgoutput')`);
  await database[Symbol.asyncDispose]();
  const left = await other.query(
    `SELECT (SELECT count(*)::int FROM pg_database WHERE datname = $1) AS databases,
            (SELECT count(*)::int FROM pg_replication_slots WHERE database = $1) AS slots`,
    [database.name],
  );
  expect(left).toEqual([{ databases: 0, slots: 0 }]);
});

test('committed rows survive kill -9 and a restart on the same port', async () => {
  await using server = await startOwnServer();
  await using database = await server.freshDatabase();
  await database.query('CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)');
  const { port, pid } = server;
  await server.kill();
  await expect(database.query('SELECT 1')).rejects.toThrow();
  await server.start();
  expect(server.port).toBe(port);
  expect(server.pid).not.toBe(pid);
  expect(await database.query('SELECT * FROM kept')).toEqual([{ id: 1 }]);
});

test('a wrong password is refused', async () => {
  await using server = await startOwnServer();
  const url = server.url('postgres').replace(server.password, 'wrong');
  const client = new pg.Client(url);
  await expect(client.connect()).rejects.toThrow(/password authentication failed/);
});

test('a folder of a living process is refused, one of a dead process is taken over', async () => {
  const { signal } = new AbortController();
  await using folder = await temporaryFolder('claim');
  const directory = folder.path;
  const options = { directory, durable: false, signal, auth: 'trust' } as const;
  await using server = await EmbeddedPostgres.start(options);
  const owner = path.join(server.directory, 'owner');
  await writeFile(owner, processIdentity(process.ppid) ?? '');
  await expect(EmbeddedPostgres.start(options)).rejects.toMatchObject({ code: 'DEMO_IN_USE' });
  // A dead owner whose server still runs: as after kill -9 without the watchdog.
  await writeFile(owner, `${process.ppid} 1`);
  await using second = await EmbeddedPostgres.start(options);
  expect(second.pid).not.toBe(server.pid);
  await second.stop();
});

test('a server ends when the process that started it is killed', async () => {
  await using folder = await temporaryFolder('orphan');
  const directory = folder.path;
  const program = `
    import { EmbeddedPostgres } from ${JSON.stringify(modulePath)};
    const { signal } = new AbortController();
    const options = ${JSON.stringify({ directory, durable: false })};
    const server = await EmbeddedPostgres.start({ ...options, signal });
    process.stdout.write(server.directory);
    process.stdin.resume();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program]);
  const [home] = (await once(child.stdout, 'data')) as [Buffer];
  const dataDir = path.join(home.toString(), 'data');
  expect(processesIn(dataDir).length).toBeGreaterThan(1);
  child.kill('SIGKILL');
  await vi.waitUntil(() => processesIn(dataDir).length === 0, { timeout: 45_000 });
});
