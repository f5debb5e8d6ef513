import { expect, test } from 'vitest';
import { textTable } from '../../support/sink-models.ts';

test('a set of columns is one object, in the order of the table', () => {
  const model = textTable(['a', 'b', 'c'], ['a']);
  expect(model.columnSet([2, 0])).toEqual([0, 2]);
  expect(model.columnSet([0, 2])).toBe(model.columnSet([2, 0]));
  expect(model.number('b')).toBe(1);
  expect(model.has('z')).toBe(false);
  expect(() => model.number('z')).toThrow(/column z/);
});

test('statements are made once, and again when a column needs quotes after all', () => {
  const model = textTable(['a', 'b'], ['a']);
  const columns = model.columnSet([0, 1]);
  model.encoder({ type: 'int32', optional: false }, 0);
  const first = model.statement('upsert', columns);
  expect(model.statement('upsert', columns)).toBe(first);
  expect(first.bind([['1'], ['2']]).values).toEqual(['{1}', '{2}']);
  model.encoder({ type: 'string', optional: false }, 1);
  const second = model.statement('upsert', columns);
  expect(second.bind([['1'], ['a,b']]).values).toEqual(['{1}', '{"a,b"}']);
});
