import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { mysqlFamily, postgresFamily } from './family-pipeline.ts';
import {
  databaseTarget,
  duckdbTarget,
  type FateTarget,
  searchTarget,
  sqliteTarget,
} from './fate-targets.ts';
import type { MysqlAddress } from './mysql-database.ts';
import { type MysqlServer, startServer } from './mysql-server.ts';
import { freshDatabase } from './postgres.ts';
import { type SearchAddress, startSearch } from './search-server.ts';
import { temporaryFolder } from './temporary-folder.ts';

type Properties = Readonly<Record<string, unknown>>;

/** The servers of the targets; they die with the test. */
export interface FateServers {
  readonly mysql: MysqlServer;
  readonly mariadb: MysqlServer;
  /** Null: no target is one. */
  readonly search: SearchAddress | null;
}

export async function fateServers(hasSearch: boolean): Promise<FateServers> {
  return {
    mysql: await startServer('9.7'),
    mariadb: await startServer('11.4'),
    search: hasSearch ? await startSearch('elasticsearch-9') : null,
  };
}

/** Databases and files of their own, which are disposed of with the stack. */
class TargetMaker {
  readonly #stack: AsyncDisposableStack;
  readonly #servers: FateServers;
  readonly #folder: string;

  constructor(stack: AsyncDisposableStack, servers: FateServers, folder: string) {
    this.#stack = stack;
    this.#servers = servers;
    this.#folder = folder;
  }

  static async make(stack: AsyncDisposableStack, servers: FateServers): Promise<TargetMaker> {
    const folder = stack.use(await temporaryFolder('fates'));
    return new TargetMaker(stack, servers, folder.path);
  }

  sqlite(name: string, more: Properties): FateTarget {
    return sqliteTarget(name, path.join(this.#folder, `${name}.db`), more);
  }

  duckdb(name: string, more: Properties): FateTarget {
    return duckdbTarget(name, path.join(this.#folder, `${name}.duckdb`), more);
  }

  async postgres(name: string, more: Properties): Promise<FateTarget> {
    const database = this.#stack.use(await postgresFamily(await freshDatabase()));
    return databaseTarget(name, database, more);
  }

  async binlog(name: 'mysql' | 'mariadb', more: Properties, suffix = ''): Promise<FateTarget> {
    const server: MysqlAddress = this.#servers[name];
    return databaseTarget(`${name}${suffix}`, this.#stack.use(await mysqlFamily(server)), more);
  }

  search(name: string): readonly FateTarget[] {
    const { search } = this.#servers;
    if (search === null) return [];
    return [searchTarget(name, search, `f${randomBytes(6).toString('hex')}`)];
  }
}

/** One of each product; an own table of `fixed` is never altered. */
export async function targetsOfEachKind(
  stack: AsyncDisposableStack,
  servers: FateServers,
): Promise<readonly FateTarget[]> {
  const maker = await TargetMaker.make(stack, servers);
  return [
    maker.sqlite('sqlite', {}),
    maker.sqlite('fixed', { 'auto.evolve': false }),
    maker.duckdb('duckdb', {}),
    await maker.postgres('postgres', {}),
    await maker.binlog('mysql', {}),
    await maker.binlog('mariadb', {}),
    ...maker.search('search'),
  ];
}

/** One of each SQL product for each policy that it has beside the usual one. */
export async function targetsOfEachPolicy(
  stack: AsyncDisposableStack,
  servers: FateServers,
): Promise<readonly FateTarget[]> {
  const maker = await TargetMaker.make(stack, servers);
  const policy = (name: string): Properties => ({
    'schema.evolution.policy': name,
    ...(name === 'dead_letter' ? { 'errors.park': 'key' } : {}),
  });
  const targets: FateTarget[] = [];
  for (const name of ['hold', 'shadow', 'dead_letter']) {
    targets.push(
      maker.sqlite(`sqlite-${name}`, policy(name)),
      maker.duckdb(`duckdb-${name}`, policy(name)),
      await maker.postgres(`postgres-${name}`, policy(name)),
      await maker.binlog('mysql', policy(name), `-${name}`),
      await maker.binlog('mariadb', policy(name), `-${name}`),
    );
  }
  return targets;
}
