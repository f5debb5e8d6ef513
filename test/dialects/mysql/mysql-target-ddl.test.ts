import { expect, test } from 'vitest';
import {
  addMysqlColumn,
  changeMysqlKey,
  createMysqlTable,
} from '../../../dialects/mysql/mysql-target-ddl.ts';
import type { ConnectSchema } from '../../../src/model/connect-schema.ts';

const name = { schema: 'd', table: 't' };

function column(columnName: string, ddl: string, schema: Partial<ConnectSchema> = {}) {
  const type = { ddl, enumType: null, exact: true };
  return { name: columnName, type, schema: { type: 'string', optional: true, ...schema } as const };
}

test('nullability is said, and the products take the collation that is theirs', () => {
  const columns = [column('id', 'int', { type: 'int32' }), column('at', 'timestamp(6)')];
  const [statement] = createMysqlTable(name, columns, ['id']);
  expect(statement).toBe(
    'CREATE TABLE IF NOT EXISTS `d`.`t` (\n  `id` int NOT NULL,\n  `at` timestamp(6) NULL,\n' +
      '  PRIMARY KEY (`id`)\n) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 ' +
      '/*!50700 COLLATE=utf8mb4_bin */ /*!80017 COLLATE=utf8mb4_0900_bin */ ' +
      '/*M!100202 COLLATE=utf8mb4_nopad_bin */',
  );
});

test('texts that a row has no room for become LONGTEXT, but for the key', () => {
  const many = Array.from({ length: 70 }, (_, i) => column(`c${i}`, 'varchar(255)'));
  const [statement = ''] = createMysqlTable(name, many, ['c0']);
  expect(statement.match(/varchar/g)).toHaveLength(1);
  expect(statement.match(/longtext/g)).toHaveLength(69);
});

test('NOT NULL of a new column comes only with a default for the rows that are there', () => {
  const required = { type: 'int32', optional: false } as const;
  expect(addMysqlColumn(name, column('n', 'int', required))).toMatch(/`n` int NULL$/);
  expect(addMysqlColumn(name, column('n', 'int', { ...required, default: 7 }))).toMatch(
    /`n` int NOT NULL DEFAULT 7$/,
  );
});

test('the statement for another key', () => {
  const table = {
    name,
    columns: [],
    primaryKey: ['a'],
    primaryKeyName: 'PRIMARY',
    uniqueKeys: [],
    referenced: false,
  };
  expect(changeMysqlKey(table, ['a', 'b'])).toBe(
    'ALTER TABLE `d`.`t` DROP PRIMARY KEY, ADD PRIMARY KEY (`a`, `b`);',
  );
  expect(changeMysqlKey({ ...table, primaryKeyName: null }, ['a'])).toBe(
    'ALTER TABLE `d`.`t` ADD PRIMARY KEY (`a`);',
  );
});
