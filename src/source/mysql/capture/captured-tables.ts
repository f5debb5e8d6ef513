import { TableCatalog } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import type { TableDefinition } from '../../../../dialects/mysql/ddl/table-definition.ts';
import { TidemarkError } from '../../../foundation/errors.ts';
import type { TableSchema } from '../../../model/table-schema.ts';
import type { CapturedShape } from '../stream/mysql-table-schemas.ts';
import { MysqlTableSchemas } from '../stream/mysql-table-schemas.ts';
import type { MysqlServerFacts } from '../wire/mysql-server-facts.ts';
import type { MysqlQuerier } from '../wire/mysql-session.ts';
import type { ServerTable } from './server-tables.ts';
import { readDefinition } from './server-tables.ts';

/** A table that is captured, as the server has it now. */
export interface CapturedTable {
  readonly info: ServerTable;
  readonly definition: TableDefinition;
  readonly schema: TableSchema;
}

/** What can be captured, and why the rest cannot. */
export interface CapturedTables {
  /** All that are chosen, also those that cannot be looked at. */
  readonly chosen: readonly ServerTable[];
  readonly tables: readonly CapturedTable[];
  readonly problems: readonly TidemarkError[];
}

/** Reads the definitions of the tables that are chosen; those of all others are not looked at. */
export async function examineTables(
  session: MysqlQuerier,
  facts: MysqlServerFacts,
  all: readonly ServerTable[],
  shape: CapturedShape,
  signal: AbortSignal,
): Promise<CapturedTables> {
  const schemas = new MysqlTableSchemas(new TableCatalog(0), shape, facts);
  const chosen = all.filter(({ database, name }) => schemas.isCaptured(database, name));
  const tables: CapturedTable[] = [];
  const problems: TidemarkError[] = [];
  for (const info of chosen) {
    try {
      const definition = await readDefinition(session, facts, info, signal);
      const schema = definition === null ? null : schemas.ofDefinition(definition);
      if (definition !== null && schema !== null) tables.push({ info, definition, schema });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TidemarkError)) throw error;
      // Which privilege is missing is told with the others.
      if (error.code !== 'MYSQL_PERMISSION') problems.push(error);
    }
  }
  return { chosen, tables, problems };
}
