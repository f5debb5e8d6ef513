import type { TargetDialect } from '../dialect.ts';
import { sqliteComparison } from './sqlite-comparison.ts';
import { sqliteEncoder } from './sqlite-cell-encoder.ts';
import { sqliteColumnType, sqliteTypeHolds, sqliteWidening } from './sqlite-column-types.ts';
import { quoteSqliteName, quoteSqliteTable, sqliteLiteral } from './sqlite-identifiers.ts';
import { readSqliteTable, sqliteSchemaQuery, sqliteTableQuery } from './sqlite-target-catalog.ts';
import {
  addSqliteColumn,
  changeSqliteKey,
  changeSqliteType,
  createSqliteSchema,
  createSqliteTable,
  dropSqliteNotNull,
} from './sqlite-target-ddl.ts';
import {
  deleteOneOfEachSqliteRow,
  deleteSqliteRows,
  insertMissingSqliteRows,
  insertSqliteRows,
  insertSqliteState,
  copySqliteRow,
  moveSqliteRow,
  findSqliteRows,
  updateAllSqliteRows,
  updateSqliteRows,
  upsertSqliteRows,
} from './sqlite-target-sql.ts';

/**
 * A SQLite file as a target. A transaction has the file to itself from its begin (BEGIN IMMEDIATE),
 * so nothing in it is locked beside that: neither rows of the sink's tables, nor DDL.
 */
export const sqliteTarget: TargetDialect = {
  name: 'sqlite',
  // It has no limit of its own.
  identifierMax: { length: 1024, unit: 'characters' },
  quote: quoteSqliteName,
  qualify: (name) => quoteSqliteTable(name.schema, name.table),
  literal: sqliteLiteral,
  ddlLock: { take: 'SELECT 1' },
  ddlPace: 'SELECT 1',
  relaxingRewrites: false,
  zoneInTexts: true,
  state: {
    nameType: 'text',
    timeType: 'text',
    tableOptions: '',
    insert: insertSqliteState,
    byKey: '',
    forShare: '',
    forUpdate: '',
    now: "strftime('%Y-%m-%d %H:%M:%fZ', 'now')",
    rowsOfList: 'VALUES ',
  },
  schemaQuery: sqliteSchemaQuery,
  tableQuery: sqliteTableQuery,
  readTable: readSqliteTable,
  columnType: sqliteColumnType,
  holds: sqliteTypeHolds,
  widening: sqliteWidening,
  encoder: sqliteEncoder,
  createSchema: createSqliteSchema,
  createTable: createSqliteTable,
  addColumn: addSqliteColumn,
  dropNotNull: dropSqliteNotNull,
  changeType: changeSqliteType,
  widenColumns: (name, changes) =>
    changes.map(({ column, type }) => changeSqliteType(name, column, type)).join('\n'),
  changePrimaryKey: changeSqliteKey,
  empty: (table) => `DELETE FROM ${quoteSqliteTable(table.name.schema, table.name.table)}`,
  updateAll: updateAllSqliteRows,
  find: findSqliteRows,
  insert: insertSqliteRows,
  insertMissing: insertMissingSqliteRows,
  upsert: upsertSqliteRows,
  update: updateSqliteRows,
  deleteByKey: deleteSqliteRows,
  moveKey: moveSqliteRow,
  copyRow: copySqliteRow,
  deleteOneEach: deleteOneOfEachSqliteRow,
  createView: ({ schema, table }, query) => {
    const name = quoteSqliteTable(schema, table);
    return [`DROP VIEW IF EXISTS ${name}`, `CREATE VIEW ${name} AS\n${query}`];
  },
  createIndex: ({ schema, table }, index, columns) =>
    `CREATE INDEX IF NOT EXISTS ${quoteSqliteTable(schema, index)} ` +
    `ON ${quoteSqliteName(table)} (${columns.map(quoteSqliteName).join(', ')})`,
  byBytes: (text) => `${text} COLLATE BINARY`,
  rowIdentity: (columns) => columns.join(', '),
  comparison: sqliteComparison,
};
