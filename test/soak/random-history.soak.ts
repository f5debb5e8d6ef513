/**
 * `npm run test:soak -- random-history [--minutes N] [--steps N] [--seed N] [--plain]`: random
 * histories of changes, savepoints, DDL and restarts, every other one with snapshots of all kinds
 * (`--plain`: none); streamed state = the database. A seed repeats one history.
 */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { EmbeddedPostgres } from '../../src/demo/embedded-postgres.ts';
import { playHistory } from '../support/random-history.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    steps: { type: 'string', default: '400' },
    seed: { type: 'string' },
    plain: { type: 'boolean', default: false },
  },
});

// One that the server's account can enter: otherwise its data go elsewhere and stay.
const folder = (await temporaryFolder('history')).path;
const server = await EmbeddedPostgres.start({
  directory: path.join(folder, 'postgres'),
  durable: false,
  signal: new AbortController().signal,
});
try {
  const until = performance.now() + Number(options.minutes) * 60_000;
  let seed = Number(options.seed ?? Math.floor(Date.now() / 1000));
  let failed = 0;
  let played = 0;
  do {
    const found = await play(seed);
    played++;
    if (found.length > 0) {
      failed++;
      process.stdout.write(`seed ${seed}:\n  ${found.join('\n  ')}\n`);
    }
    seed++;
  } while (options.seed === undefined && performance.now() < until);
  process.stdout.write(`${played} histories of ${options.steps} steps, ${failed} failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
}

async function play(seed: number): Promise<readonly string[]> {
  const name = `h_${randomBytes(6).toString('hex')}`;
  const admin = await connect('postgres');
  await admin.query(`CREATE DATABASE ${name}`);
  const clients: pg.Client[] = [];
  const control = await connect(name);
  try {
    const { host, port, user, password } = server;
    return await playHistory(
      {
        name,
        host,
        port,
        user,
        password,
        query: async (sql, params) => {
          const answer: unknown = await control.query(sql, params === undefined ? [] : [...params]);
          return (answer as { rows: never[] }).rows;
        },
        connect: async () => {
          const client = await connect(name);
          clients.push(client);
          return client;
        },
      },
      seed,
      Number(options.steps),
      // Odd seeds: so that one seed says all.
      !options.plain && seed % 2 === 1,
    );
  } catch (error) {
    return [String(error)];
  } finally {
    await Promise.all([control, ...clients].map((client) => client.end()));
    await admin.query(`SELECT pg_drop_replication_slot('${name}')`).catch(() => undefined);
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await admin.end();
  }
}

async function connect(database: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: server.url(database) });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
