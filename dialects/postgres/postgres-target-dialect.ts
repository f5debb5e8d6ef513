import type { TargetDialect } from '../dialect.ts';
import {
  postgresColumnType,
  postgresTypeHolds,
  widenPostgresColumn,
} from './postgres-column-types.ts';
import {
  addColumn,
  changePrimaryKey,
  changeType,
  createSchema,
  createTable,
  dropNotNull,
  postgresEnums,
  widenColumns,
} from './postgres-ddl.ts';
import { postgresComparison } from './postgres-comparison.ts';
import { quoteIdentifier, quoteLiteral, quoteQualified } from './postgres-identifiers.ts';
import {
  deleteByKeyStatement,
  copyRowStatement,
  moveKeyStatement,
  deleteOneEachStatement,
  findStatement,
  insertMissingStatement,
  insertStatement,
  insertStateStatement,
  updateAllStatement,
  updateStatement,
  upsertStatement,
} from './postgres-sql.ts';
import { readTable, schemaQuery, tableQuery } from './postgres-target-catalog.ts';
import { postgresEncoder } from './postgres-parameters.ts';

/** Others that want the table wait as long, behind the ALTER that waits. */
const DDL_WAIT_MS = 2_000;

/** PostgreSQL as a target, and what speaks its SQL. */
export const postgresTarget: TargetDialect = {
  name: 'postgres',
  identifierMax: { length: 63, unit: 'bytes' },
  quote: quoteIdentifier,
  qualify: (name) => quoteQualified(name.schema, name.table),
  literal: quoteLiteral,
  ddlLock: { take: "SELECT pg_advisory_xact_lock(hashtextextended('tidemark ddl', 0))" },
  // Until the end of the transaction. LEAST leaves out null; 0 is no limit.
  ddlPace: `SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout',
    LEAST(NULLIF(setting::integer, 0), ${DDL_WAIT_MS})::text, true)
    FROM pg_settings WHERE name = 'lock_timeout'`,
  relaxingRewrites: false,
  state: {
    nameType: 'text',
    timeType: 'timestamp with time zone',
    tableOptions: '',
    insert: insertStateStatement,
    byKey: '',
    forShare: 'FOR SHARE',
    forUpdate: 'FOR UPDATE',
    now: 'now()',
    rowsOfList: '',
  },
  enums: postgresEnums,
  schemaQuery,
  tableQuery,
  readTable,
  columnType: postgresColumnType,
  holds: (actual, wanted) => postgresTypeHolds(actual.type, wanted),
  widening: (_table, column, wanted, schema) => widenPostgresColumn(column, wanted, schema),
  encoder: postgresEncoder,
  createSchema,
  createTable,
  addColumn,
  dropNotNull,
  changeType,
  widenColumns,
  changePrimaryKey,
  // TRUNCATE of a table that others reference fails even when those are empty.
  empty: (table) =>
    table.referenced
      ? `DELETE FROM ${quoteQualified(table.name.schema, table.name.table)}`
      : `TRUNCATE ${quoteQualified(table.name.schema, table.name.table)}`,
  updateAll: updateAllStatement,
  insert: insertStatement,
  insertMissing: insertMissingStatement,
  upsert: upsertStatement,
  update: updateStatement,
  deleteByKey: deleteByKeyStatement,
  find: findStatement,
  moveKey: moveKeyStatement,
  copyRow: copyRowStatement,
  deleteOneEach: deleteOneEachStatement,
  createView: (name, query) => [
    `CREATE OR REPLACE VIEW ${quoteQualified(name.schema, name.table)} AS\n${query}`,
  ],
  createIndex: ({ schema, table }, index, columns) =>
    `CREATE INDEX IF NOT EXISTS ${quoteIdentifier(index)} ` +
    `ON ${quoteQualified(schema, table)} (${columns.map(quoteIdentifier).join(', ')})`,
  byBytes: (text) => `${text} COLLATE "C"`,
  // Types without equality have a text.
  rowIdentity: (columns) => `ROW(${columns.join(', ')})::text`,
  comparison: postgresComparison,
};
