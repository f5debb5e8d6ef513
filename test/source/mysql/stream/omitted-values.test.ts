import { expect, test } from 'vitest';
import { omittedValues } from '../../../../src/source/mysql/stream/omitted-values.ts';
import { MYSQL, tableDefinition } from '../../../support/mysql-definitions.ts';

test.each<readonly [string, string | null | undefined]>([
  ['INT', null],
  ["VARCHAR(9) CHARACTER SET latin1 NOT NULL DEFAULT 'grün'", 'grün'],
  ['DECIMAL(9,2) DEFAULT 7', '7.00'],
  ["BIT(9) DEFAULT b'1'", '\0\x01'],
  ["ENUM('first', 'other') NOT NULL", 'first'],
  ["ENUM('first', 'other')", null],
  ['TIMESTAMP NULL DEFAULT NULL', null],
  // Only the server knows it, or it is in the row.
  ['INT NOT NULL', undefined],
  ["TIMESTAMP DEFAULT '2026-11-22 01:02:03'", undefined],
  ['DATETIME DEFAULT CURRENT_TIMESTAMP', undefined],
  ['INT DEFAULT (1 + 1)', undefined],
  ["BLOB DEFAULT ('x')", undefined],
  ['INT AS (1)', undefined],
])('%s: what an INSERT that does not name it gives it (PITFALLS B61)', (column, expected) => {
  const { columns } = tableDefinition(`CREATE TABLE t (id INT PRIMARY KEY, c ${column})`, MYSQL);
  const placed = columns.map((definition, i) => ({ definition, index: 2 - i }));
  const table = {
    columns: [
      { type: 3, meta: 0 },
      { type: 3, meta: 0 },
      { type: 3, meta: 0 },
    ],
  };
  const [, value, id] = omittedValues(table as never, placed);
  expect(value instanceof Buffer ? value.toString() : value).toBe(expected);
  expect(id).toBeUndefined();
});
