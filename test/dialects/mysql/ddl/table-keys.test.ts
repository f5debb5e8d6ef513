import { expect, test } from 'vitest';
import type { KeySyntax } from '../../../../dialects/mysql/ddl/ddl-syntax.ts';
import type { TableKey } from '../../../../dialects/mysql/ddl/table-definition.ts';
import {
  addKeys,
  isNamed,
  rowKeyColumns,
  withoutColumn,
  withRenamed,
} from '../../../../dialects/mysql/ddl/table-keys.ts';
import { MYSQL, tableAfter } from '../../../support/mysql-ddl.ts';

const key = (kind: KeySyntax['kind'], name: string | null, ...columns: string[]): KeySyntax => ({
  kind,
  name,
  parts: columns.map((column) => ({ column, length: null })),
  ifNotExists: name === 'maybe',
});
const shown = (keys: readonly TableKey[]): string[] =>
  keys.map(
    ({ kind, name, parts }) => `${kind} ${name} ${parts.map(({ column }) => column).join()}`,
  );

test('keys without a name are called after their first column', () => {
  const keys = addKeys(
    [],
    [
      key('unique', null, 'a'),
      key('index', 'A_2', 'b'),
      key('index', null, 'a', 'b'),
      key('primary', 'ignored', 'a'),
      key('unique', null, 'primary'),
      key('foreign', 'f', 'c'),
      { ...key('index', null), parts: [{ column: null, length: null }] },
      key('unique', 'maybe', 'a'),
      key('unique', 'maybe', 'b'),
    ],
  );
  expect(shown(keys)).toEqual([
    'unique a a',
    'index A_2 b',
    'index a_3 a,b',
    'primary PRIMARY a',
    'unique primary_2 primary',
    'index f c',
    'index functional_index ',
    'unique maybe a',
  ]);
  expect(isNamed(keys[0] as TableKey, 'A')).toBe(true);
});

test('a column that goes leaves its keys; one that is renamed stays', () => {
  const keys = addKeys([], [key('unique', null, 'a', 'B'), key('index', null, 'b')]);
  expect(shown(withoutColumn(keys, 'b'))).toEqual(['unique a a']);
  expect(shown(withRenamed(keys, new Map([['b', 'c']])))).toEqual(['unique a a,c', 'index b c']);
  expect(withRenamed(keys, new Map())).toEqual(keys);
});

test.each([
  ['a int, b int, primary key (b, a), unique (a)', ['b', 'a']],
  ['a int not null, b int not null, key (a), unique (b), unique (a)', ['b']],
  ['a int, b int not null, unique (a), unique (b)', ['b']],
  ['a varchar(99) not null, unique (a(10))', []],
  ['a int not null, unique (a, (a + 1))', []],
  ['a int', []],
])('the row of (%s) is told by %j', (columns, names) => {
  const table = tableAfter([`create table t (${columns})`], MYSQL);
  expect(rowKeyColumns(table).map(({ name }) => name)).toEqual(names);
});
