import type { FamilyDatabase } from './family-pipeline.ts';
import { mysqlFamily, postgresFamily } from './family-pipeline.ts';
import { startServer } from './mysql-server.ts';
import { freshDatabase } from './postgres.ts';
import type { TypeTables } from './type-tables.ts';
import { mysqlTables, postgresTables } from './type-tables.ts';
import type { Family } from './value-texts.ts';

const VERSIONS = { postgres: 18, mysql: '9.7', mariadb: '11.4' } as const;

export const TYPE_FAMILIES: readonly Family[] = ['postgres', 'mysql', 'mariadb'];

/** A server of each family, for tests of every type that a source has. */
export interface TypeSources extends AsyncDisposable {
  /** A new database. */
  database(family: Family): Promise<FamilyDatabase>;
}

export async function typeSources(): Promise<TypeSources> {
  const mysql = await startServer(VERSIONS.mysql);
  const mariadb = await startServer(VERSIONS.mariadb);
  const servers = { mysql, mariadb };
  return {
    database: async (family) =>
      family === 'postgres' ? postgresFamily(await freshDatabase()) : mysqlFamily(servers[family]),
    async [Symbol.asyncDispose]() {
      await mysql[Symbol.asyncDispose]();
      await mariadb[Symbol.asyncDispose]();
    },
  };
}

/** Tables with every type of a family. */
export function typeTables(family: Family): TypeTables {
  return family === 'postgres'
    ? postgresTables(VERSIONS.postgres)
    : mysqlTables(family, VERSIONS[family]);
}

/** What a source needs to say all that its values are. */
export function typeSourceLines(family: Family): Readonly<Record<string, string>> {
  return family === 'postgres' ? {} : { 'bigint.unsigned.handling.mode': 'precise' };
}
