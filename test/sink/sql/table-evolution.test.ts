import { expect, test } from 'vitest';
import type { TargetColumn, TargetTable, WantedColumn } from '../../../dialects/dialect.ts';
import { mysqlTarget } from '../../../dialects/mysql/mysql-target-dialect.ts';
import { postgresTarget } from '../../../dialects/postgres/postgres-target-dialect.ts';
import { TableEvolution } from '../../../src/sink/sql/table-evolution.ts';

const name = { schema: 's', table: 't' };

function had(column: string, type: string, change: Partial<TargetColumn> = {}): TargetColumn {
  return {
    name: column,
    type,
    castType: type,
    isArray: false,
    notNull: false,
    hasDefault: false,
    generated: false,
    identityAlways: false,
    ...change,
  };
}

function tableOf(...columns: readonly TargetColumn[]): TargetTable {
  return {
    name,
    columns,
    primaryKey: ['id'],
    primaryKeyName: 't_pkey',
    uniqueKeys: [['id']],
    referenced: false,
  };
}

function wants(column: string, ddl: string, optional = true): WantedColumn {
  const type = { ddl, enumType: null, exact: true };
  return { name: column, schema: { type: 'string', optional }, type };
}

const wanted = (...columns: readonly WantedColumn[]) => ({
  name,
  columns,
  key: ['id'],
  needsUniqueKey: true,
});

const all = { create: true, evolve: true };
const id = had('id', 'integer', { notNull: true });

test('a table that fits lacks nothing, also with columns of its own', () => {
  const tables = new TableEvolution(postgresTarget, all);
  const table = tableOf(id, had('v', 'text'), had('own', 'integer', { hasDefault: true }));
  const records = wanted(wants('id', 'integer', false), wants('v', 'character varying(3)'));
  tables.check(table, records);
  expect(tables.differences(table, records)).toEqual([]);
});

test('each statement says what it does, widenings in one, and what that costs', () => {
  const tables = new TableEvolution(postgresTarget, all);
  const table = tableOf(
    id,
    had('a', 'character varying(3)', { notNull: true }),
    had('n', 'numeric(5,2)'),
  );
  const records = wanted(
    wants('id', 'integer', false),
    wants('a', 'text'),
    wants('n', 'numeric(9,2)'),
    wants('new', 'date'),
  );
  const evolutions = tables.differences(table, records);
  expect(evolutions.map(({ effect }) => effect)).toEqual([
    'the table "s"."t" is widened: a from character varying(3) to text, n from numeric(5,2) to ' +
      'numeric(9,2); only the catalog changes',
    'the table "s"."t" gets the column new',
  ]);
  expect(evolutions[0]?.statement).toContain('ALTER COLUMN "a" DROP NOT NULL');
});

test('in MySQL a NOT NULL that goes has the rows written anew', () => {
  const tables = new TableEvolution(mysqlTarget, all);
  const table = tableOf(id, had('gone', 'int', { notNull: true }));
  const [evolution] = tables.differences(table, wanted(wants('id', 'int', false)));
  expect(evolution?.effect).toContain('takes null in gone; every row is written anew');
});

test('what may not be run is an error with the statements; what is optional is left out', () => {
  const tables = new TableEvolution(postgresTarget, { create: false, evolve: false });
  const table = tableOf(id, had('n', 'integer'), had('w', 'character varying(3)'));
  const parameters = { '__tidemark.source.mysql.type': 'text' };
  const w: WantedColumn = {
    name: 'w',
    schema: { type: 'string', optional: true, parameters },
    type: { ddl: 'text', enumType: null, exact: false },
  };
  const missing = tables.differences(table, wanted(wants('n', 'bigint'), w));
  expect(missing).toHaveLength(1);
  expect(() => {
    tables.checkAllowed(table, missing);
  }).toThrow(/lacks columns or is too strict/);
  const able = new TableEvolution(postgresTarget, all);
  const found = able.differences(table, wanted(wants('n', 'bigint'), w));
  expect(found.map(({ isOptional }) => isOptional)).toEqual([false, true]);
  able.checkAllowed(table, found);
  expect(() => tables.creation(wanted(wants('id', 'integer')))).toThrow(/does not exist/);
});

test('types, keys and engines that do not fit are refused', () => {
  const tables = new TableEvolution(postgresTarget, all);
  const check =
    (table: TargetTable, ...columns: readonly WantedColumn[]) =>
    (): void => {
      tables.check(table, wanted(...columns));
    };
  expect(check(tableOf(had('id', 'text'), had('d', 'date')), wants('d', 'integer'))).toThrow(
    /column d of "s"."t" has the type date, but the source has integer/,
  );
  expect(check({ ...tableOf(id), uniqueKeys: [] }, wants('id', 'integer'))).toThrow(
    /no unique index/,
  );
  const problem = { message: 'has no transactions', cure: 'ALTER' };
  expect(check({ ...tableOf(id), problem }, wants('id', 'integer'))).toThrow(/no transactions/);
  const indexed = had('v', 'varchar(9)', { wholeInIndexes: ['i'] });
  const mysql = new TableEvolution(mysqlTarget, all);
  expect(() => {
    mysql.check(tableOf(id, indexed), wanted(wants('v', 'text')));
  }).toThrow(/has the type varchar\(9\), but the source has text: the index i/);
});
