import { expect, test } from 'vitest';
import type { ShapeChange } from '../../src/evolution/shape-difference.ts';
import { columnText, shapeChanges, shapeDifference } from '../../src/evolution/shape-difference.ts';
import { column, event, shape } from '../support/shape-fixtures.ts';

function classes(changes: readonly ShapeChange[]): readonly string[] {
  return changes.map((change) => `${change.class} ${change.column ?? ''}`.trimEnd());
}

test('a rename is told by the number of the column, and keeps the key', () => {
  const old = shape([column('id', { number: 1 }), column('a', { number: 2 })]);
  const now = shape([column('no', { number: 1 }), column('a', { number: 2 })], { key: ['no'] });
  expect(classes(shapeDifference(old, now))).toEqual(['column_renamed no']);
});

test('numbers of another table mean nothing', () => {
  const old = shape([column('id', { number: 1 }), column('a', { number: 2 })]);
  const now = shape([column('id', { number: 3 }), column('b', { number: 1, type: 'text' })], {
    incarnation: '2',
  });
  expect(classes(shapeDifference(old, now))).toEqual(['column_dropped a', 'column_added b']);
});

test('without numbers a column that is alike, in the same place, has another name', () => {
  const old = shape([column('id'), column('a'), column('z', { type: 'text' })]);
  const renamed = shape([column('id'), column('b'), column('z', { type: 'text' })]);
  expect(classes(shapeDifference(old, renamed))).toEqual(['column_renamed b']);
  const other = shape([column('id'), column('b', { type: 'date' }), column('z', { type: 'text' })]);
  expect(classes(shapeDifference(old, other))).toEqual(['column_dropped a', 'column_added b']);
  const fewer = shape([column('id'), column('z', { type: 'text' })]);
  expect(classes(shapeDifference(old, fewer))).toEqual(['column_dropped a']);
});

test('all that can change of a column, in one statement', () => {
  const old = shape([column('id'), column('a')]);
  const a = column('a', {
    type: 'bigint',
    nullable: false,
    default: '7',
    generated: 'stored',
    counted: 'identity always',
    charset: 'C',
    comment: 'x',
  });
  expect(classes(shapeDifference(old, shape([column('id'), a])))).toEqual([
    'column_widened a',
    'column_required a',
    'column_default a',
    'column_generated a',
    'column_counted a',
    'column_charset a',
    'column_comment a',
  ]);
  expect(columnText(a)).toBe('bigint C not null default 7 generated stored identity always');
});

test('members: added, removed, in another order', () => {
  const of = (...members: readonly string[]) => shape([column('m', { type: 'enum', members })]);
  const told = (was: readonly string[], is: readonly string[]) =>
    classes(shapeDifference(of(...was), of(...is)));
  expect(told(['a', 'b'], ['a', 'b', 'c'])).toEqual(['members_added m']);
  expect(told(['a', 'b'], ['a', 'c'])).toEqual(['members_removed m']);
  expect(told(['a', 'b'], ['b', 'a'])).toEqual(['members_moved m']);
  expect(told(['a', 'b'], ['a', 'b'])).toEqual([]);
});

test('what became of a table as a whole', () => {
  const [old, now] = [shape([column('id')]), shape([column('id'), column('a')])];
  const of = (more: Parameters<typeof event>[0]) => classes(shapeChanges(event(more)));
  expect(of({ before: null, after: old })).toEqual(['table_created']);
  expect(of({ before: old, after: null })).toEqual(['table_dropped']);
  expect(of({ before: null, after: null })).toEqual([]);
  expect(of({ before: old, after: old })).toEqual([]);
  expect(of({ before: old, after: old, truncated: true })).toEqual(['table_truncated']);
  expect(of({ before: old, after: now, recreated: true })).toEqual([
    'table_recreated',
    'column_added a',
  ]);
  const rewrites = { id: '1', reason: 'a is another', follows: 'it is read again' };
  expect(of({ before: old, after: old, rewrites })).toEqual(['rows_rewritten']);
  const renamed = { ...old, id: { ...old.id, table: 'u' }, charset: 'x', comment: 'y' };
  expect(classes(shapeDifference(old, { ...renamed, replicaIdentity: 'full' }))).toEqual([
    'table_renamed',
    'replica_identity',
    'table_charset',
    'table_comment',
  ]);
});

test('columns in another order, and another key', () => {
  const old = shape([column('id'), column('a'), column('b')]);
  const now = shape([column('id'), column('b'), column('a')], { key: ['a'] });
  expect(classes(shapeDifference(old, now))).toEqual(['column_moved', 'key_changed']);
  // One that came in between moved nothing.
  const wider = shape([column('id'), column('new'), column('a'), column('b')]);
  expect(classes(shapeDifference(old, wider))).toEqual(['column_added new']);
});
