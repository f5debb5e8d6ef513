import type { TargetDialect } from '../dialect.ts';
import { mysqlColumnType, mysqlTypeHolds, mysqlTypeWidens } from './mysql-column-types.ts';
import { portableText, quoteName, quoteQualifiedName } from './mysql-identifiers.ts';
import { mysqlEncoder } from './mysql-literals.ts';
import { databaseQuery, mysqlTableQuery, readMysqlTable } from './mysql-target-catalog.ts';
import {
  addMysqlColumn,
  changeMysqlKey,
  changeMysqlType,
  createDatabase,
  createMysqlTable,
  dropMysqlNotNull,
  TABLE_OPTIONS,
} from './mysql-target-ddl.ts';
import {
  deleteOneOfEach,
  deleteRows,
  insertRows,
  insertState,
  moveRow,
  updateAllRows,
  updateRows,
  upsertRows,
} from './mysql-target-sql.ts';

/** One server knows one such lock, whatever the database. */
const DDL_LOCK = "'tidemark ddl'";
const DDL_LOCK_SECONDS = 30;

/** MySQL and MariaDB as a target: one SQL for both, with a schema for a database. */
export const mysqlTarget: TargetDialect = {
  name: 'mysql',
  identifierMax: { length: 64, unit: 'characters' },
  quote: quoteName,
  qualify: (name) => quoteQualifiedName(name.schema, name.table),
  literal: portableText,
  ddlLock: {
    take: `SELECT GET_LOCK(${DDL_LOCK}, ${DDL_LOCK_SECONDS}) AS taken`,
    release: `DO RELEASE_LOCK(${DDL_LOCK})`,
  },
  state: {
    nameType: 'varchar(255)',
    timeType: 'datetime(6)',
    tableOptions: TABLE_OPTIONS,
    insert: insertState,
    // A scan would wait for the rows of other tasks.
    byKey: 'FORCE INDEX (PRIMARY)',
    forShare: 'LOCK IN SHARE MODE',
  },
  schemaQuery: databaseQuery,
  tableQuery: mysqlTableQuery,
  readTable: readMysqlTable,
  columnType: mysqlColumnType,
  holds: mysqlTypeHolds,
  widens: mysqlTypeWidens,
  encoder: mysqlEncoder,
  createSchema: createDatabase,
  createTable: createMysqlTable,
  addColumn: addMysqlColumn,
  dropNotNull: dropMysqlNotNull,
  changeType: changeMysqlType,
  changePrimaryKey: changeMysqlKey,
  // TRUNCATE would commit.
  empty: (table) => `DELETE FROM ${quoteQualifiedName(table.name.schema, table.name.table)}`,
  updateAll: updateAllRows,
  insert: insertRows,
  upsert: upsertRows,
  update: updateRows,
  deleteByKey: deleteRows,
  moveKey: moveRow,
  deleteOneEach: deleteOneOfEach,
};
