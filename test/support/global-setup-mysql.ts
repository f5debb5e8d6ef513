import type { TestProject } from 'vitest/node';
import type { MysqlAddress } from './mysql-database.ts';
import type { ServerSeries } from '../../src/demo/mysql-programs.ts';
import { MysqlServer } from './mysql-server.ts';

/** The project's shared server, as the tests get it by `inject('mysql')`. */
export interface SharedMysql extends MysqlAddress {
  /** Who signed its certificate, where it has TLS. */
  readonly caFile?: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    mysql: SharedMysql;
  }
}

const SERIES: Readonly<Record<string, ServerSeries>> = {
  'mysql-9.7': '9.7',
  'mysql-8.0': '8.0',
  'mysql-5.7': '5.7',
  'mysql-5.6': '5.6',
  'mariadb-11.4': '11.4',
  'mariadb-10.11': '10.11',
};

/** Starts one server for the project: its name says which, `mysql-8.0`. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const series = SERIES[project.name];
  if (series === undefined) throw new Error(`no server is known for the project ${project.name}`);
  const slow = setTimeout(() => {
    process.stderr.write(`Installing ${project.name} for the tests, once …\n`);
  }, 5000);
  const server = await startOrOlder(series).finally(() => {
    clearTimeout(slow);
  });
  const { flavor, version, host, port, user, password, caFile } = server;
  project.provide('mysql', {
    flavor,
    series: server.series,
    version,
    host,
    port,
    user,
    password,
    ...(caFile === undefined ? {} : { caFile }),
  });
  return () => server[Symbol.asyncDispose]();
}

/** The newest MySQL is where versions move; without it the run goes on with one that stays. */
async function startOrOlder(series: ServerSeries): Promise<MysqlServer> {
  try {
    return await MysqlServer.start(series);
  } catch (error) {
    if (series !== '9.7') throw error;
    process.stderr.write(`The tests of MySQL 9.7 run on 8.0 instead: ${reasons(error)}\n`);
    return MysqlServer.start('8.0');
  }
}

function reasons(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${reasons(error.cause)}`;
}
