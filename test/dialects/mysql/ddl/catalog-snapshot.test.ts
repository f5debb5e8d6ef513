import { expect, test } from 'vitest';
import {
  restoreCatalog,
  snapshotCatalog,
} from '../../../../dialects/mysql/ddl/catalog-snapshot.ts';
import { TableCatalog } from '../../../../dialects/mysql/ddl/table-catalog.ts';
import { applyAll, MARIADB, statementContext } from '../../../support/mysql-ddl.ts';

test('a catalog goes through JSON and is the same, and lives on', () => {
  const context = statementContext(MARIADB);
  const catalog = new TableCatalog(1);
  applyAll(
    catalog,
    [
      'create database D charset utf8mb4',
      `create table D.T (a serial, e enum('x','y') default 'y', ts timestamp(3) default now(3),
        j json default (json_array()), b bit(3) default b'101', unique (e))`,
      'create sequence s',
    ],
    context,
  );
  const text = JSON.stringify(snapshotCatalog(catalog));
  const restored = restoreCatalog(JSON.parse(text));
  if (restored === null) throw new Error('it is not read');
  expect([...restored.tables()]).toEqual([...catalog.tables()]);
  applyAll(restored, ['alter table d.t add x char(5)'], context);
  expect(restored.table('D', 'T')?.columns.at(-1)?.type.charset).toBe('utf8mb4');
  expect(catalog.table('D', 'T')?.columns.length).toBe(5);
});

test.each([
  null,
  'text',
  {},
  { version: 2, lowerCaseTableNames: 0, databases: [], tables: [] },
  { version: 1, lowerCaseTableNames: 3, databases: [], tables: [] },
  { version: 1, lowerCaseTableNames: 0, databases: [], tables: [{}] },
  { version: 1, lowerCaseTableNames: 0, databases: [null], tables: [] },
  { version: 1, lowerCaseTableNames: 0, databases: [] },
])('%j is no snapshot of ours', (snapshot) => {
  expect(restoreCatalog(snapshot)).toBeNull();
});
