import type { TargetDialect } from '../dialect.ts';
import { mysqlComparison } from './mysql-comparison.ts';
import { mysqlColumnType, mysqlTypeHolds } from './mysql-column-types.ts';
import { portableText, quoteName, quoteQualifiedName } from './mysql-identifiers.ts';
import { mysqlEncoder } from './mysql-literals.ts';
import { mysqlWidening } from './mysql-widening.ts';
import { databaseQuery, mysqlTableQuery, readMysqlTable } from './mysql-target-catalog.ts';
import {
  addMysqlColumn,
  changeMysqlKey,
  changeMysqlType,
  createDatabase,
  createMysqlTable,
  dropMysqlNotNull,
  TABLE_OPTIONS,
  widenMysqlColumns,
} from './mysql-target-ddl.ts';
import {
  deleteOneOfEach,
  deleteRows,
  insertMissingRows,
  insertRows,
  insertState,
  copyRow,
  moveRow,
  findRows,
  updateAllRows,
  updateRows,
  upsertRows,
} from './mysql-target-sql.ts';

/** One server knows one such lock, whatever the database. */
const DDL_LOCK = "'tidemark ddl'";
const DDL_LOCK_SECONDS = 30;

/** Others that want the table wait as long, behind the ALTER that waits. */
const DDL_WAIT_SECONDS = 2;

/*
 * Both are of the session, which DDL cannot change for itself alone; MariaDB would also cut off
 * what takes long. Variables that nothing was kept in are null.
 */
const DDL_PACE = `SET @tidemark_wait = @@SESSION.lock_wait_timeout
    /*M!100101 , @tidemark_limit = @@SESSION.max_statement_time */;
  SET SESSION lock_wait_timeout =
      CAST(LEAST(@@SESSION.lock_wait_timeout, ${DDL_WAIT_SECONDS}) AS UNSIGNED)
    /*M!100101 , SESSION max_statement_time = 0 */`;
const USUAL_PACE = `
  SET SESSION lock_wait_timeout =
      CAST(IFNULL(@tidemark_wait, @@SESSION.lock_wait_timeout) AS UNSIGNED)
    /*M!100101 , SESSION max_statement_time =
      IFNULL(@tidemark_limit, @@SESSION.max_statement_time) + 0 */;
  SET @tidemark_wait = NULL /*M!100101 , @tidemark_limit = NULL */`;

/** MySQL and MariaDB as a target: one SQL for both, with a schema for a database. */
export const mysqlTarget: TargetDialect = {
  name: 'mysql',
  identifierMax: { length: 64, unit: 'characters' },
  quote: quoteName,
  qualify: (name) => quoteQualifiedName(name.schema, name.table),
  literal: portableText,
  ddlLock: {
    take: `SELECT GET_LOCK(${DDL_LOCK}, ${DDL_LOCK_SECONDS}) AS taken`,
    release: `${USUAL_PACE}; DO RELEASE_LOCK(${DDL_LOCK})`,
  },
  ddlPace: DDL_PACE,
  relaxingRewrites: true,
  state: {
    nameType: 'varchar(255)',
    timeType: 'datetime(6)',
    tableOptions: TABLE_OPTIONS,
    insert: insertState,
    // A scan would wait for the rows of other tasks.
    byKey: 'FORCE INDEX (PRIMARY)',
    forShare: 'LOCK IN SHARE MODE',
    forUpdate: 'FOR UPDATE',
    now: 'now()',
    rowsOfList: '',
  },
  schemaQuery: databaseQuery,
  tableQuery: mysqlTableQuery,
  readTable: readMysqlTable,
  columnType: mysqlColumnType,
  holds: mysqlTypeHolds,
  widening: mysqlWidening,
  encoder: mysqlEncoder,
  createSchema: createDatabase,
  createTable: createMysqlTable,
  addColumn: addMysqlColumn,
  dropNotNull: dropMysqlNotNull,
  changeType: changeMysqlType,
  widenColumns: widenMysqlColumns,
  changePrimaryKey: changeMysqlKey,
  // TRUNCATE would commit.
  empty: (table) => `DELETE FROM ${quoteQualifiedName(table.name.schema, table.name.table)}`,
  updateAll: updateAllRows,
  find: findRows,
  insert: insertRows,
  insertMissing: insertMissingRows,
  upsert: upsertRows,
  update: updateRows,
  deleteByKey: deleteRows,
  moveKey: moveRow,
  copyRow,
  deleteOneEach: deleteOneOfEach,
  createView: ({ schema, table }, query) => [
    `CREATE OR REPLACE VIEW ${quoteQualifiedName(schema, table)} AS\n${query}`,
  ],
  createIndex: ({ schema, table }, index, columns) =>
    `CREATE INDEX ${quoteName(index)} ON ${quoteQualifiedName(schema, table)} ` +
    `(${columns.map(quoteName).join(', ')})`,
  // Texts of tables of ours have collations of bytes.
  byBytes: (text) => text,
  rowIdentity: (columns) => columns.join(', '),
  comparison: mysqlComparison,
};
