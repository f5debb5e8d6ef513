import { expect, test } from 'vitest';
import type { ColumnSchema, TableSchema } from '../../../../src/model/table-schema.ts';
import {
  quotedTable,
  selectExpression,
  selectList,
} from '../../../../src/source/mysql/snapshot/mysql-select-list.ts';
import { tableDefinition } from '../../../support/mysql-definitions.ts';

const DEFINITION = tableDefinition(
  'CREATE TABLE `a``b` (id INT, f FLOAT, d DOUBLE, z INT(5) ZEROFILL, `x y` TEXT, m DOUBLE(9,4))',
);

/** A schema with the columns that stand at these places. */
function schemaOf(...tupleIndexes: readonly number[]): TableSchema {
  const columns = tupleIndexes.map((tupleIndex) => ({ tupleIndex }) as ColumnSchema);
  return { columns } as unknown as TableSchema;
}

test('columns that are not captured never leave the server', () => {
  expect(selectList(DEFINITION, schemaOf(0, 4))).toBe('`id`, NULL, NULL, NULL, `x y`, NULL');
});

test('what a server rounds or pads is read so that it tells all of it (PITFALLS B66, B116)', () => {
  expect(DEFINITION.columns.map(selectExpression)).toEqual([
    '`id`',
    '`f`*1e0',
    '`d`',
    '`z`+0',
    '`x y`',
    '`m`*1e0',
  ]);
});

test('names are quoted', () => {
  expect(quotedTable({ database: 'd', name: 'a`b' })).toBe('`d`.`a``b`');
});
