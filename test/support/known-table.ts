import { TableCatalog } from '../../dialects/mysql/ddl/table-catalog.ts';
import { DEFAULT_MYSQL_VALUE_MODES } from '../../dialects/mysql/mysql-value-modes.ts';
import type { KnownTable } from '../../src/source/mysql/incremental/table-reading.ts';
import { MysqlTableSchemas } from '../../src/source/mysql/stream/mysql-table-schemas.ts';
import { MYSQL, tableDefinition } from './mysql-definitions.ts';

/** The table of database `g` that a statement makes, captured as a whole. */
export function knownOf(statement: string): KnownTable {
  const definition = tableDefinition(statement, MYSQL);
  const shape = {
    wantsTable: () => true,
    wantsColumn: () => true,
    masks: [],
    messageKeys: [],
    modes: DEFAULT_MYSQL_VALUE_MODES,
  };
  const schema = new MysqlTableSchemas(new TableCatalog(0), shape, MYSQL).ofDefinition(definition);
  if (schema === null) throw new Error(`not captured: ${statement}`);
  return { definition, schema };
}
