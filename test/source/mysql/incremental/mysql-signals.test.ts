import { expect, test } from 'vitest';
import { MYSQL_SIGNALS } from '../../../../src/source/mysql/incremental/mysql-signals.ts';
import { knownOf } from '../../../support/known-table.ts';

test('what is keyed, and which conditions are taken', () => {
  expect(MYSQL_SIGNALS.isKeyed(knownOf('CREATE TABLE t (id INT PRIMARY KEY)'))).toBe(true);
  expect(MYSQL_SIGNALS.isKeyed(knownOf('CREATE TABLE t (id INT)'))).toBe(false);
  expect(MYSQL_SIGNALS.conditionProblem('`a;` > 1 -- enough')).toBeNull();
  expect(MYSQL_SIGNALS.conditionProblem('1) OR (1')).toContain('bracket');
});

test('keys of a repair are those of the table, in its order, and as rows have them', () => {
  const known = knownOf('CREATE TABLE t (b BINARY(2), id INT, v INT, PRIMARY KEY (id, b))');
  const request = { snapshotId: 's', collection: 'd.t', keyColumns: ['b', 'id'] };
  expect(MYSQL_SIGNALS.repairKeys(known, { ...request, keys: [['ff00', '7']] })).toEqual({
    keyColumns: ['id', 'b'],
    keys: ['1:72:\u00ff\u0000'],
  });
  expect(MYSQL_SIGNALS.repairKeys(known, { ...request, keys: [['ff00', 'x']] })).toContain(
    'has no such key',
  );
  const other = { ...request, keyColumns: ['v', 'id'], keys: [['1', '2']] };
  expect(MYSQL_SIGNALS.repairKeys(known, other)).toBe('has its rows told apart by (id, b)');
});
