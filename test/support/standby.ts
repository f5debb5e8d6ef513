import { execFileSync } from 'node:child_process';
import { chownSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { EmbeddedPostgres } from '../../src/demo/embedded-postgres.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A primary with a physical standby that follows it. */
export interface ServerPair extends AsyncDisposable {
  readonly primary: EmbeddedPostgres;
  readonly standby: EmbeddedPostgres;
}

/** Rows of a statement in the database `postgres` of a server. */
export async function ask(server: EmbeddedPostgres, sql: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: server.url('postgres') });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Waits until the statement's first value is true; `meanwhile` is done before each question. */
export async function untilTrue(
  server: EmbeddedPostgres,
  sql: string,
  meanwhile: () => Promise<unknown> = () => Promise.resolve(),
): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    await meanwhile();
    const [row] = await ask(server, sql);
    if (row !== undefined && Object.values(row as object)[0] === true) return;
    if (performance.now() > deadline) throw new Error(`not true: ${sql}`);
    await ask(server, 'SELECT pg_sleep(0.05)');
  }
}

/** Copies a stopped primary, so that no other program is needed. */
export async function startPair(
  major: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<ServerPair> {
  const folder = await temporaryFolder(`pair-pg${major}`);
  const signal = new AbortController().signal;
  const common = { major, auth: 'trust', durable: false, signal } as const;
  const primary = await EmbeddedPostgres.start({
    ...common,
    directory: path.join(folder.path, 'primary'),
  });
  await ask(primary, `SELECT pg_create_physical_replication_slot('standby', true)`);
  await primary.stop('fast');
  const directory = path.join(folder.path, 'standby');
  await mkdir(directory, { mode: 0o711 });
  for (const name of ['data', 'password']) {
    execFileSync('cp', ['-a', path.join(primary.directory, name), directory]);
  }
  const data = path.join(directory, 'data');
  const mark = path.join(data, 'standby.signal');
  writeFileSync(mark, '', { mode: 0o600 });
  const { uid, gid } = statSync(data);
  chownSync(mark, uid, gid);
  rmSync(path.join(data, 'pg_replslot'), { recursive: true });
  execFileSync('cp', ['-a', path.join(data, 'pg_stat'), path.join(data, 'pg_replslot')]);
  await primary.start();
  const standby = await EmbeddedPostgres.start({
    ...common,
    directory,
    settings: {
      primary_conninfo: `host=127.0.0.1 port=${primary.port} user=postgres dbname=postgres`,
      primary_slot_name: 'standby',
      hot_standby_feedback: 'on',
      ...settings,
    },
  });
  return {
    primary,
    standby,
    async [Symbol.asyncDispose]() {
      await standby[Symbol.asyncDispose]();
      await primary[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
