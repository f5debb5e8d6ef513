import type { FatedSource } from './ddl-fates.ts';
import { MARK_TABLE } from './ddl-fates.ts';
import { mysqlFamily, postgresFamily } from './family-pipeline.ts';
import * as binlog from './mysql-ddl-cases.ts';
import type { MysqlAddress } from './mysql-database.ts';
import * as postgres from './postgres-ddl-cases.ts';
import { freshDatabase } from './postgres.ts';

/** Disposed of with its database. */
export type OwnFatedSource = FatedSource & AsyncDisposable;

/** Where a case's table is afterwards, if not where it was; null: nobody captures it. */
const MOVED: Readonly<Record<string, string | null>> = {
  dropped: null,
  moved_out: null,
  renamed: 'renamed_on',
  altered_name: 'altered_on',
};

/** Members that an enum has had since a case, or that have moved: only its new shape knows them. */
const NEW_MEMBERS: Readonly<Record<string, string>> = {
  add_label: 'glad',
  rename_label: 'blue',
  add_member: 'c',
  move_member: 'b',
};

/** What both families' cases are here. */
function fated(
  name: string,
  kinds: string | null,
  statements: readonly string[],
): FatedSource['cases'][number] {
  const after = MOVED[name] === undefined ? name : MOVED[name];
  return { name, statements, alerts: kinds?.split(' ').length ?? 0, after };
}

/** A value that a column of the type takes, and every type that a case gives it. */
function literal(type: string, member: string): string {
  if (type === 'jsonb') return `'{}'`;
  if (type.startsWith('timestamp') || type === 'datetime') return `'2026-01-02 03:04:05'`;
  return type === 'USER-DEFINED' || type === 'enum' ? `'${member}'` : `'7'`;
}

/** All cases of PostgreSQL on a new database. */
export async function postgresFates(): Promise<OwnFatedSource> {
  const database = await postgresFamily(await freshDatabase());
  await database.run(postgres.ddlTables(postgres.DDL_CASES));
  await database.run(`CREATE TABLE ${MARK_TABLE} (id serial PRIMARY KEY, note text)`);
  return {
    database,
    source: {
      'schema.include.list': 'public',
      'publication.autocreate.mode': 'all_tables',
    },
    cases: postgres.DDL_CASES.map((one) => fated(one[0], one[2], postgres.statementsOf(one))),
    tableName: (table) => `public.${table}`,
    values: async (table, isNew) => {
      const columns = await database.rows(`SELECT column_name::text, data_type::text
        FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '${table}'
        AND is_generated = 'NEVER' AND is_identity = 'NO' AND column_name <> 'id'`);
      const member = (isNew ? NEW_MEMBERS[table] : undefined) ?? 'ok';
      return new Map(columns.map(([name, type]) => [String(name), literal(String(type), member)]));
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

/** All cases of MySQL or MariaDB, as the server knows them, in a new database. */
export async function binlogFates(server: MysqlAddress): Promise<OwnFatedSource> {
  const database = await mysqlFamily(server);
  const cases = binlog.ddlCases(server);
  for (const [name] of cases) {
    await database.run(`CREATE TABLE ${name} (${binlog.DDL_COLUMNS}) CHARACTER SET utf8mb4`);
  }
  await database.run(
    `CREATE TABLE ${MARK_TABLE} (id INT AUTO_INCREMENT PRIMARY KEY, note VARCHAR(40))`,
  );
  return {
    database,
    source: {},
    cases: cases.map((one) => fated(one[0], one[2], binlog.statementsOf(one))),
    tableName: (table) => `${database.name}.${table}`,
    values: async (table, isNew) => {
      const columns = await database.rows(`SELECT COLUMN_NAME, DATA_TYPE
        FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '${table}'
        AND EXTRA NOT LIKE '%GENERATED%' AND COLUMN_NAME <> 'id'`);
      const member = (isNew ? NEW_MEMBERS[table] : undefined) ?? 'a';
      return new Map(columns.map(([name, type]) => [String(name), literal(String(type), member)]));
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}
