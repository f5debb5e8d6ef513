import { expect, test } from 'vitest';
import {
  parseRowStatement,
  ROW_VERBS,
} from '../../../../dialects/mysql/ddl/row-statement-parser.ts';
import { cursorOn } from '../../../support/mysql-ddl.ts';

test.each([
  ['insert low_priority ignore into d.t (a) values (1)', ['d.t']],
  ['insert t set a = 1', ['t']],
  ['replace into `t` select 1', ['t']],
  ['update t set a = 1', ['t']],
  ['update ignore t as x set a = 1', ['t']],
  ['update t x set a = 1', ['t']],
  ['update t, u set t.a = u.a', []],
  ['update t join u on t.a = u.a set t.a = 1', []],
  ['delete quick from t where a = 1', ['t']],
  ['delete from t', ['t']],
  ['delete t from t join u', []],
  ['delete t.* from t, u', []],
  ["load data infile 'x' into table t", []],
  ['call p()', []],
  ['with x as (select 1) delete from t', []],
  ['insert', []],
])('%s (PITFALLS B41)', (text, tables) => {
  const cursor = cursorOn(text);
  const verb = cursor.peek().upper;
  expect(ROW_VERBS.has(verb)).toBe(true);
  const statement = parseRowStatement(cursor, verb);
  if (statement.kind !== 'rows') throw new Error(statement.kind);
  const names = statement.tables.map(({ database, name }) =>
    database === null ? name : `${database}.${name}`,
  );
  expect(names).toEqual(tables);
});
