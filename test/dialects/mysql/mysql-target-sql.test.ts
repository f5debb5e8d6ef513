import { expect, test } from 'vitest';
import {
  deleteOneOfEach,
  deleteRows,
  findRows,
  insertState,
  moveRow,
  updateAllRows,
  updateRows,
  upsertRows,
} from '../../../dialects/mysql/mysql-target-sql.ts';
import type { BulkTarget, TargetColumn } from '../../../dialects/dialect.ts';

function column(name: string, inexact = false): TargetColumn {
  return { name, inexact } as TargetColumn;
}

function bulk(names: readonly string[], key: readonly string[], inexact = false): BulkTarget {
  const columns = names.map((name) => column(name, inexact));
  const name = { schema: 'd', table: 't' };
  const table = { name, columns, primaryKey: key, primaryKeyName: null, uniqueKeys: [key] };
  return {
    table: { ...table, referenced: false },
    key,
    columns: columns.map((one) => ({ column: one, plain: true })),
  };
}

const VALUES = [
  ['1', '2'],
  ["'a'", null],
] as const;

test('an upsert looks at the key of the row that it found before it changes it', () => {
  expect(upsertRows(bulk(['k', 'v'], ['k'])).bind(VALUES).text).toBe(
    "INSERT INTO `d`.`t` (`k`, `v`) VALUES (1, 'a'), (2, NULL) ON DUPLICATE KEY UPDATE " +
      '`k` = IF(`k` = VALUES(`k`) OR EXP(1000 + (`k` = VALUES(`k`))), `k`, `k`), ' +
      '`v` = VALUES(`v`)',
  );
  const byBytes = upsertRows(bulk(['k', 'v'], ['k'], true)).bind(VALUES).text;
  expect(byBytes).toContain(
    'IF(CAST(CONVERT(`k` USING utf8mb4) AS BINARY) = ' +
      'CAST(CONVERT(VALUES(`k`) USING utf8mb4) AS BINARY)',
  );
});

test('an update chooses each value by its key, some rows a statement, all sent at once', () => {
  expect(updateRows(bulk(['k', 'v'], ['k'])).bind(VALUES).text).toBe(
    "UPDATE `d`.`t` SET `v` = CASE WHEN `k` = 1 THEN 'a' WHEN `k` = 2 THEN NULL END " +
      'WHERE `k` IN (1, 2)',
  );
  expect(updateRows(bulk(['k'], ['k'])).bind([['1']]).text).toBe(
    'UPDATE `d`.`t` SET `k` = `k` WHERE `k` IN (1)',
  );
  const many = Array.from({ length: 60 }, (_, i) => String(i));
  const { text } = updateRows(bulk(['k', 'v'], ['k'])).bind([many, many]);
  expect(text.split(';')).toHaveLength(3);
  expect(text).toMatch(/WHERE `k` IN \(50, .*, 59\)$/);
});

test('rows are found by one search for each key, numbered', () => {
  const keys = bulk(['k', 'j'], ['k', 'j']);
  expect(
    findRows({ ...keys, guard: 'p', deleted: 'd' }).bind([
      ['1', '2'],
      ["'a'", "'b'"],
    ]).text,
  ).toBe(
    'SELECT 0 AS n, `p` AS position, CASE WHEN `d` THEN 1 ELSE 0 END AS gone FROM `d`.`t` ' +
      "WHERE `k` = 1 AND `j` = 'a' UNION ALL " +
      'SELECT 1 AS n, `p` AS position, CASE WHEN `d` THEN 1 ELSE 0 END AS gone FROM `d`.`t` ' +
      "WHERE `k` = 2 AND `j` = 'b'",
  );
  expect(findRows({ ...keys, guard: 'p' }).bind([['1'], ["'a'"]]).text).toContain('0 AS gone');
});

test('all rows are set that have a value, with a guard those that are older', () => {
  const { table } = bulk(['k'], ['k']);
  const cell = (name: string, text: string) => ({ column: column(name), text });
  const where = cell('d', '0');
  expect(updateAllRows(table, [cell('d', '1')], where).text).toBe(
    'UPDATE `d`.`t` SET `d` = 1 WHERE `d` = 0',
  );
  expect(updateAllRows(table, [cell('d', '1')], where, cell('p', "'5'")).text).toBe(
    "UPDATE `d`.`t` SET `d` = 1, `p` = '5' WHERE `d` = 0 AND (`p` IS NULL OR `p` < '5')",
  );
});

test('deletes name keys, and their bytes where the collation does not', () => {
  expect(deleteRows(bulk(['k'], ['k'])).bind([['1', '2']]).text).toBe(
    'DELETE FROM `d`.`t` WHERE `k` IN (1, 2)',
  );
  expect(
    deleteRows(bulk(['k', 'j'], ['k', 'j'])).bind([
      ['1', '2'],
      ['3', '4'],
    ]).text,
  ).toBe('DELETE FROM `d`.`t` WHERE (`k`, `j`) IN ((1, 3), (2, 4))');
  expect(deleteRows(bulk(['k'], ['k'], true)).bind([["'a'"]]).text).toMatch(
    /WHERE \(`k` = 'a' AND CAST\(.*\) = CAST\(CONVERT\('a' USING utf8mb4\) AS BINARY\)\)$/,
  );
});

test('one row goes for each that is given, nulls included', () => {
  expect(deleteOneOfEach(bulk(['a', 'b'], [])).bind(VALUES).text).toBe(
    "DELETE FROM `d`.`t` WHERE `a` <=> 1 AND `b` <=> 'a' LIMIT 1;" +
      'DELETE FROM `d`.`t` WHERE `a` <=> 2 AND `b` <=> NULL LIMIT 1',
  );
});

test('a row moves to its new key, or goes where that is taken', () => {
  expect(moveRow(bulk(['k'], ['k']).table, ['k'], ['1'], ['2']).text).toBe(
    'DELETE o FROM `d`.`t` AS o JOIN `d`.`t` AS n ON n.`k` = 2 WHERE o.`k` = 1;' +
      'UPDATE `d`.`t` SET `k` = 2 WHERE `k` = 1',
  );
});

test("rows of the sink's own tables are locked alone from the first", () => {
  const insert = { table: { schema: 'd', table: 's' }, columns: ['k', 'n'], rows: ['(1, 1)'] };
  expect(insertState({ ...insert, key: ['k'], count: 'n' })).toBe(
    'INSERT INTO `d`.`s` (`k`, `n`) VALUES (1, 1) ON DUPLICATE KEY UPDATE `n` = `n` + 1',
  );
  expect(insertState({ ...insert, key: ['k'], count: null })).toMatch(/UPDATE `k` = `k`$/);
});
