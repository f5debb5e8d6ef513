import { expect, test } from 'vitest';
import { newTask } from '../../../../src/source/incremental/snapshot-state.ts';
import { isKeyed, tableReading } from '../../../../src/source/mysql/incremental/table-reading.ts';
import { knownOf } from '../../../support/known-table.ts';

const TASK = newTask({
  schema: 'd',
  table: 't',
  purpose: 'incremental',
  method: 'keys',
  snapshotId: 's',
});

test.each([
  ['(a INT, b INT NOT NULL, c INT NOT NULL, PRIMARY KEY (c, a))', ['c', 'a']],
  ['(a INT, b INT NOT NULL, UNIQUE (a), UNIQUE (b))', ['b']],
  ['(a TEXT, b INT, PRIMARY KEY (a(10)))', null],
  ['(a INT, UNIQUE (a))', null],
])('%s is told apart by %j', (columns, names) => {
  const known = knownOf(`CREATE TABLE t ${columns}`);
  const reading = tableReading(TASK, known);
  expect(reading?.key.map(({ name }) => name) ?? null).toEqual(names);
  expect(isKeyed(known)).toBe(names !== null);
  const places = names?.map((name) => known.definition.columns.findIndex((c) => c.name === name));
  expect(reading?.keyIndexes).toEqual(places);
});

test('a surrogate key stands before the key, and cannot be NULL', () => {
  const known = knownOf(`CREATE TABLE t (id INT PRIMARY KEY, n INT NOT NULL, o INT,
    g GEOMETRY NOT NULL)`);
  const reading = tableReading({ ...TASK, surrogate: 'N' }, known);
  expect(reading?.order.map(({ name }) => name)).toEqual(['n', 'id']);
  expect(() => tableReading({ ...TASK, surrogate: 'o' }, known)).toThrow('may be NULL in t');
  expect(() => tableReading({ ...TASK, surrogate: 'x' }, known)).toThrow('is no column of t');
  expect(() => tableReading({ ...TASK, surrogate: 'g' }, known)).toThrow('has no order in t');
});
