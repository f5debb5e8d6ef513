import { debeziumTableChanges } from '../../../../dialects/mysql/ddl/debezium-table-json.ts';
import { statementText } from '../../../../dialects/mysql/ddl/statement-text.ts';
import type { CatalogChange } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import type { BinlogOrigin, SchemaStatement } from '../../../model/change-event.ts';
import type { MysqlSourceOptions } from '../mysql-source-options.ts';
import type { MysqlServerFacts } from '../wire/mysql-server-facts.ts';
import { quotedName } from '../capture/server-tables.ts';
import { quotedTable } from './mysql-select-list.ts';
import type { ServerCatalog, ToldServerTable } from './server-catalog.ts';

type Told = Omit<SchemaStatement, 'origin'> & {
  /** What a restart has to know of it. */
  readonly created?: readonly CatalogChange[];
};

/**
 * The statements that Debezium's connectors make up at the beginning of a snapshot: whoever reads
 * them from the first to the last has the tables of the server, whatever he had before.
 */
export function snapshotStatements(
  server: ServerCatalog,
  facts: MysqlServerFacts,
  { history }: Pick<MysqlSourceOptions, 'history'>,
): readonly Told[] {
  const { charset, collation, tables, databases } = server;
  const settings = `SET character_set_server=${charset}, collation_server=${collation}`;
  const statements: Told[] = [{ database: '', tables: null, ddl: settings, changes: [] }];
  const shown = { server: facts, includeComments: history.includeComments };
  for (const { database, name, definition } of tables) {
    const dropped = {
      kind: 'dropped',
      name: { database, name },
      before: definition,
      withDatabase: false,
    } as const;
    const ddl = `DROP TABLE IF EXISTS ${quotedTable({ database, name })}`;
    const changes = debeziumTableChanges([dropped], shown);
    statements.push({ database, tables: [name], ddl, changes });
  }
  for (const database of databases) {
    const inside = tables.filter((table) => table.database === database.name);
    if (inside.length > 0) statements.push(...databaseStatements(database, inside, shown));
  }
  return statements;
}

function databaseStatements(
  { name, charset, collation }: ServerCatalog['databases'][number],
  tables: readonly ToldServerTable[],
  shown: Parameters<typeof debeziumTableChanges>[1],
): readonly Told[] {
  const quoted = quotedName(name);
  const about = (ddl: string): Told => ({ database: name, tables: null, ddl, changes: [] });
  return [
    about(`DROP DATABASE IF EXISTS ${quoted}`),
    about(`CREATE DATABASE ${quoted} CHARSET ${charset} COLLATE ${collation}`),
    about(`USE ${quoted}`),
    ...tables.map(({ name: table, statement, definition }) => {
      const created = [{ kind: 'created', table: definition } as const];
      const changes = debeziumTableChanges(created, shown);
      const ddl = statementText(statement);
      return { database: name, tables: [table], ddl, changes, created };
    }),
  ];
}

/** Where everything of a snapshot stands: before the first event of the stream. */
export function snapshotOrigin(
  { file, pos }: { readonly file: string; readonly pos: number },
  sourceMicros: bigint,
): BinlogOrigin {
  return {
    family: 'binlog',
    serverId: 0,
    gtid: null,
    file,
    pos,
    groupPos: pos,
    row: 0,
    thread: null,
    query: null,
    transactionId: null,
    ordinal: 0,
    sourceMicros,
    snapshot: 'true',
  };
}
