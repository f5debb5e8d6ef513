import { describe, expect, test } from 'vitest';
import {
  keysOfColumn,
  parseCreateTable,
  parseElement,
} from '../../../../dialects/mysql/ddl/create-table-parser.ts';
import { DdlSyntaxError } from '../../../../dialects/mysql/ddl/ddl-cursor.ts';
import type {
  ColumnSyntax,
  DdlStatement,
  KeySyntax,
} from '../../../../dialects/mysql/ddl/ddl-syntax.ts';
import { cursorOn } from '../../../support/mysql-ddl.ts';

const TABLE = { database: null, name: 't' };

function created(text: string): DdlStatement {
  return parseCreateTable(cursorOn(text), TABLE, { orReplace: false, ifNotExists: true });
}

describe('behind the name of a CREATE TABLE', () => {
  test('columns and keys, those of attributes in their place', () => {
    const statement = created('(a int unique, key k (b), b int primary key) engine=InnoDB');
    if (statement.kind !== 'create-table') throw new Error(statement.kind);
    expect(statement.columns.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(statement.keys.map(({ kind }) => kind)).toEqual(['unique', 'index', 'primary']);
    expect(statement).toMatchObject({ table: TABLE, ifNotExists: true, orReplace: false });
  });

  test.each(['like d.s', '(like d.s)'])('%s', (text) => {
    expect(created(text)).toMatchObject({
      kind: 'create-like',
      like: { database: 'd', name: 's' },
    });
  });

  test.each([
    '(a int) partition by range (a) (partition p values less than (5) engine = InnoDB)',
    "(a int) comment 'x' partition by key (a) partitions 4 subpartition by hash (a)",
    '(a int) /*!50100 partition by hash (a) partitions 2 */',
    // PITFALLS B99: as 8.0.21 logs CREATE … SELECT.
    '(a int) start transaction',
    '(a int);',
  ])('%s', (text) => {
    expect(created(text).kind).toBe('create-table');
  });

  test.each([
    'select 1 as a',
    'as select 1 as a',
    '(a int) select 1 as b',
    '(a int) engine=InnoDB ignore as select 1 as b',
    '(a int) partition by hash (a) as select 1 as a',
    '(select 1 as a)',
    '((select 1 as a) union (select 2))',
    '',
    '()',
    '(a int',
    '(a int) nonsense',
  ])('%j cannot be told from the text (PITFALLS B99)', (text) => {
    expect(() => created(text)).toThrow(DdlSyntaxError);
  });
});

test('an element is a column or a key', () => {
  const columns: ColumnSyntax[] = [];
  const keys: KeySyntax[] = [];
  parseElement(cursorOn('a serial'), columns, keys);
  parseElement(cursorOn('check (a > 1)'), columns, keys);
  expect(keysOfColumn(columns[0] as ColumnSyntax)).toEqual(keys);
  expect(keys).toEqual([
    { kind: 'unique', name: null, parts: [{ column: 'a', length: null }], ifNotExists: false },
  ]);
});
