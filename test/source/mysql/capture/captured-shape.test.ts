import { expect, test } from 'vitest';
import { mysqlSourceOptionsOf } from '../../../../src/runtime/mysql-source-options.ts';
import { capturedShapeOf } from '../../../../src/source/mysql/capture/captured-shape.ts';
import type { CapturedShape } from '../../../../src/source/mysql/stream/mysql-table-schemas.ts';
import { examinedMysqlSource } from '../../../support/examined-mysql-source.ts';

function shapeOf(properties: Readonly<Record<string, string>>): CapturedShape {
  const { options } = examinedMysqlSource(properties);
  const source = { name: 's', connectorClass: 'mysql', flavour: 'tidemark', options } as const;
  return capturedShapeOf(mysqlSourceOptionsOf(source));
}

test('without lists everything is captured', () => {
  const { wantsTable, wantsColumn } = shapeOf({});
  expect(wantsTable('shop', 'orders')).toBe(true);
  expect(wantsColumn('shop', 'orders', 'id')).toBe(true);
});

test('databases and tables have lists of their own, and both have to take a table', () => {
  const included = shapeOf({
    'database.include.list': 'shop,pool',
    'table.include.list': 'shop\\.o.*,other\\..*',
  });
  expect(included.wantsTable('shop', 'orders')).toBe(true);
  expect(included.wantsTable('shop', 'carts')).toBe(false);
  expect(included.wantsTable('other', 'orders')).toBe(false);
  // Anchored, in any case of letters.
  expect(included.wantsTable('workshop', 'orders')).toBe(false);
  expect(included.wantsTable('SHOP', 'Orders')).toBe(true);
  const excluded = shapeOf({
    'database.exclude.list': 'secret',
    'table.exclude.list': 'shop\\.audit_.*',
  });
  expect(excluded.wantsTable('secret', 't')).toBe(false);
  expect(excluded.wantsTable('shop', 'audit_2026')).toBe(false);
  expect(excluded.wantsTable('shop', 'orders')).toBe(true);
});

test('columns are listed by their whole names', () => {
  const { wantsColumn } = shapeOf({ 'column.exclude.list': 'shop\\.orders\\.note' });
  expect(wantsColumn('shop', 'orders', 'note')).toBe(false);
  expect(wantsColumn('shop', 'carts', 'note')).toBe(true);
});
