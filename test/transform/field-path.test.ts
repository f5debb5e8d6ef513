import { expect, test } from 'vitest';
import { fieldPath } from '../../src/transform/field-path.ts';

test.each([
  ['a.b', false, ['a.b']],
  ['a', true, ['a']],
  ['a.b.c', true, ['a', 'b', 'c']],
  ['`a.b`.c', true, ['a.b', 'c']],
  ['a.`b.c`', true, ['a', 'b.c']],
  ['`a`b`', true, ['a`b']],
  ['`a\\`.b`.c', true, ['a`.b', 'c']],
])('%s, nested %s', (text, nested, names) => {
  expect(fieldPath(text, nested)).toEqual(names);
});

test('a backtick has to be closed', () => {
  expect(() => fieldPath('`a.b', true)).toThrow('a backtick of `a.b is not closed');
});
