import type { TargetDialect } from '../dialect.ts';
import { duckdbEncoder } from './duckdb-cell-encoder.ts';
import { duckdbComparison } from './duckdb-comparison.ts';
import { duckdbColumnType, duckdbTypeHolds, duckdbWidening } from './duckdb-column-types.ts';
import { duckdbLiteral, quoteDuckdbName, quoteDuckdbTable } from './duckdb-identifiers.ts';
import { duckdbSchemaQuery, duckdbTableQuery, readDuckdbTable } from './duckdb-target-catalog.ts';
import {
  addDuckdbColumn,
  changeDuckdbKey,
  changeDuckdbType,
  createDuckdbSchema,
  createDuckdbTable,
  dropDuckdbNotNull,
  widenDuckdbColumns,
} from './duckdb-target-ddl.ts';
import {
  deleteDuckdbRows,
  deleteOneOfEachDuckdbRow,
  insertDuckdbRows,
  insertDuckdbState,
  insertMissingDuckdbRows,
  copyDuckdbRow,
  moveDuckdbRow,
  findDuckdbRows,
  updateAllDuckdbRows,
  updateDuckdbRows,
  upsertDuckdbRows,
} from './duckdb-target-sql.ts';

/**
 * A DuckDB file as a target. One process has the file, and its sessions let one transaction write
 * at a time (`sink/sql/duckdb-database.ts`), so nothing is locked beside that: DuckDB has no locks
 * of rows, it refuses the second of two changes of one row.
 */
export const duckdbTarget: TargetDialect = {
  name: 'duckdb',
  // It has no limit of its own.
  identifierMax: { length: 1024, unit: 'characters' },
  quote: quoteDuckdbName,
  qualify: (name) => quoteDuckdbTable(name.schema, name.table),
  literal: duckdbLiteral,
  ddlLock: { take: 'SELECT 1' },
  ddlPace: 'SELECT 1',
  relaxingRewrites: false,
  // A dozen statements beside those of the rows, 1 to 3 ms each however small.
  transactionRows: 5000,
  state: {
    nameType: 'varchar',
    timeType: 'timestamptz',
    tableOptions: '',
    insert: insertDuckdbState,
    byKey: '',
    forShare: '',
    forUpdate: '',
    now: 'now()',
    rowsOfList: 'VALUES ',
    savesByUpdate: true,
  },
  schemaQuery: duckdbSchemaQuery,
  createSchema: createDuckdbSchema,
  tableQuery: duckdbTableQuery,
  readTable: readDuckdbTable,
  columnType: (schema, _target, keyColumns) => duckdbColumnType(schema, keyColumns),
  holds: duckdbTypeHolds,
  widening: duckdbWidening,
  encoder: duckdbEncoder,
  createTable: createDuckdbTable,
  addColumn: addDuckdbColumn,
  dropNotNull: dropDuckdbNotNull,
  changeType: changeDuckdbType,
  widenColumns: widenDuckdbColumns,
  changePrimaryKey: changeDuckdbKey,
  empty: (table) => `DELETE FROM ${quoteDuckdbTable(table.name.schema, table.name.table)}`,
  updateAll: updateAllDuckdbRows,
  find: findDuckdbRows,
  insert: insertDuckdbRows,
  insertMissing: insertMissingDuckdbRows,
  upsert: upsertDuckdbRows,
  update: updateDuckdbRows,
  deleteByKey: deleteDuckdbRows,
  moveKey: moveDuckdbRow,
  copyRow: copyDuckdbRow,
  deleteOneEach: deleteOneOfEachDuckdbRow,
  createView: ({ schema, table }, query) => [
    `CREATE OR REPLACE VIEW ${quoteDuckdbTable(schema, table)} AS\n${query}`,
  ],
  // Scans skip by what each block of rows has; an index would forbid to alter the table.
  createIndex: () => 'SELECT 1',
  byBytes: (text) => text,
  rowIdentity: (columns) => columns.join(', '),
  comparison: duckdbComparison,
};
