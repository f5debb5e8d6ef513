import { describe, expect, test } from 'vitest';
import { parseAlterActions } from '../../../../dialects/mysql/ddl/alter-table-parser.ts';
import { DdlSyntaxError } from '../../../../dialects/mysql/ddl/ddl-cursor.ts';
import type { AlterAction, ColumnPosition } from '../../../../dialects/mysql/ddl/ddl-syntax.ts';
import { cursorOn } from '../../../support/mysql-ddl.ts';

function place(position: ColumnPosition): string {
  return position === null ? '' : ` after ${position.after}`;
}

function shown(action: AlterAction): string {
  switch (action.kind) {
    case 'add-column':
      return `add ${action.column.name}${place(action.position)}`;
    case 'change-column':
      return `change ${action.from} ${action.column.name}${place(action.position)}`;
    case 'drop-column':
    case 'drop-key':
      return `${action.kind} ${action.name}`;
    case 'rename-column':
    case 'rename-key':
      return `${action.kind} ${action.from} ${action.to}`;
    case 'set-default':
      return `default ${action.column} ${action.default?.kind ?? 'none'}`;
    case 'set-visibility':
      return `${action.invisible ? 'hide' : 'show'} ${action.column}`;
    case 'add-key':
      return `key ${action.key.kind} ${action.key.name ?? '-'}`;
    case 'rename-table':
      return `rename ${action.to.database ?? '-'}.${action.to.name}`;
    case 'convert':
      return `convert ${action.charset} ${action.collation ?? '-'}`;
    case 'options':
      return `options ${action.options.charset ?? '-'} ${action.options.collation ?? '-'}`;
    case 'system-versioning':
      return `versioning ${action.on}`;
    case 'partition-rows':
      return `partition ${action.verb}`;
    case 'drop-primary-key':
      return action.kind;
  }
}

const actions = (text: string): string[] => parseAlterActions(cursorOn(text)).map(shown);

describe('clauses of ALTER TABLE (PITFALLS B102)', () => {
  test.each([
    ['add a int', ['add a']],
    [
      'add column if not exists a int first, add b int after `a`',
      ['add a after ', 'add b after a'],
    ],
    ['add (a int, b int, unique (a))', ['add a', 'add b', 'key unique -']],
    ['add column (unique key k (a))', ['key unique k']],
    ['add a int unique', ['add a', 'key unique -']],
    [
      'add index (a), add unique k (a), add primary key (a)',
      ['key index -', 'key unique k', 'key primary -'],
    ],
    ['add constraint c foreign key (a) references t (b)', ['key foreign c']],
    ['add check (a > 1), add constraint c check (a > 1)', []],
    ['modify a int after b', ['change a a after b']],
    ['modify column if exists a int', ['change a a']],
    ['change column a b int first', ['change a b after ']],
    [
      'drop a, drop column b cascade, drop if exists c',
      ['drop-column a', 'drop-column b', 'drop-column c'],
    ],
    [
      'drop primary key, drop index i, drop key if exists k',
      ['drop-primary-key', 'drop-key i', 'drop-key k'],
    ],
    ['drop foreign key f, drop check c, drop period for p', []],
    ['drop constraint c', ['drop-key c']],
    ['alter a set default 5, alter column b drop default', ['default a number', 'default b none']],
    ['alter a set default (now()), alter b set invisible', ['default a expression', 'hide b']],
    ['alter index i invisible, alter check c not enforced, alter b set visible', ['show b']],
    ['rename to d.x', ['rename d.x']],
    ['rename as x', ['rename -.x']],
    ['rename = x', ['rename -.x']],
    ['rename x, add a int', ['rename -.x', 'add a']],
    ['rename column a to b, rename index i to j', ['rename-column a b', 'rename-key i j']],
    ['convert to character set utf8mb4 collate utf8mb4_bin', ['convert utf8mb4 utf8mb4_bin']],
    ["collate='x', convert to charset y", ['options - x', 'convert y -']],
    ['default character set latin1 comment "x", engine=InnoDB', ['options latin1 -']],
    ['engine InnoDB row_format=compact', []],
    ['order by a desc, b, add c int', ['add c']],
    ['algorithm=inplace, lock=none, add a int', ['add a']],
    ['algorithm inplace, lock none, force, enable keys, with validation', []],
    ['wait 5 add a int', ['add a']],
    ['nowait drop a', ['drop-column a']],
    ['discard tablespace', []],
    ['add system versioning', ['versioning true']],
    ['drop system versioning', ['versioning false']],
    ['', []],
  ])('%s', (text, expected) => {
    expect(actions(text)).toEqual(expected);
  });

  test.each([
    ['truncate partition p0', ['partition TRUNCATE']],
    ['drop partition p0, p1', ['partition DROP']],
    ['exchange partition p0 with table x without validation', ['partition EXCHANGE']],
    ['add partition (partition p values less than (5))', []],
    [
      'reorganize partition p into (partition a values less than (1), partition b values in (2))',
      [],
    ],
    ['coalesce partition 2', []],
    ['partition by hash (a) partitions 4', []],
    ['add a int partition by hash (a)', ['add a']],
    ['remove partitioning', []],
    ['discard partition p tablespace', []],
  ])('partitions: %s (PITFALLS B43)', (text, expected) => {
    expect(actions(text)).toEqual(expected);
  });

  test.each([
    'add',
    'add a',
    'nonsense',
    'add a int b',
    'convert to',
    'convert partition p to table x',
    'rename',
    'alter a',
    "comment 'x",
  ])('%j is none', (text) => {
    expect(() => actions(text)).toThrow(DdlSyntaxError);
  });
});
