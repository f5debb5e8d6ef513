import type { TestProject } from 'vitest/node';
import { EmbeddedPostgres } from '../../src/demo/embedded-postgres.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** The address of the project's shared server, as the tests get it by `inject('postgres')`. */
export interface SharedPostgres {
  readonly major: number;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    postgres: SharedPostgres;
  }
}

/** Starts one server for the project: its name says which, `postgres-15`; e2e gets the newest. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const major = Number(/^postgres-(\d+)$/.exec(project.name)?.[1] ?? 18);
  const folder = await temporaryFolder(`test-pg${major}`);
  const server = await EmbeddedPostgres.start({
    directory: folder.path,
    major,
    durable: false,
    settings: {
      max_connections: 200,
      max_wal_senders: 60,
      max_replication_slots: 100,
      autovacuum: 'off',
    },
    signal: new AbortController().signal,
  });
  project.provide('postgres', {
    major,
    host: server.host,
    port: server.port,
    user: server.user,
    password: server.password,
  });
  return async () => {
    await server.stop('immediate');
    await folder[Symbol.asyncDispose]();
  };
}
