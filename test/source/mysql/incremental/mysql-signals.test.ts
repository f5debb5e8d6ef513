import { expect, test } from 'vitest';
import { MYSQL_SIGNALS } from '../../../../src/source/mysql/incremental/mysql-signals.ts';
import { knownOf } from '../../../support/known-table.ts';

test('what is keyed, and which conditions are taken', () => {
  expect(MYSQL_SIGNALS.isKeyed(knownOf('CREATE TABLE t (id INT PRIMARY KEY)'))).toBe(true);
  expect(MYSQL_SIGNALS.isKeyed(knownOf('CREATE TABLE t (id INT)'))).toBe(false);
  expect(MYSQL_SIGNALS.conditionProblem('`a;` > 1 -- enough')).toBeNull();
  expect(MYSQL_SIGNALS.conditionProblem('1) OR (1')).toContain('bracket');
});
