import { expect, test } from 'vitest';
import { cut, harmless, padded, painted, widthOf, wrapped } from '../../src/cli/screen-text.ts';

test('columns of texts: wide characters take two, marks none', () => {
  expect(widthOf('abc')).toBe(3);
  expect(widthOf('注文')).toBe(4);
  expect(widthOf('e\u0301')).toBe(1);
  expect(widthOf('🙂')).toBe(2);
});

test('what does not fit ends with …, never in half a character', () => {
  expect(cut('orders', 6)).toBe('orders');
  expect(cut('orders', 4)).toBe('ord…');
  expect(cut('注文書', 4)).toBe('注…');
  expect(cut('x', 0)).toBe('');
  expect(padded('注', 4)).toBe('注  ');
  expect(padded('7', 3, 'right')).toBe('  7');
});

test('lines are broken between words', () => {
  expect(wrapped('the sink is behind', 8)).toEqual(['the sink', 'is', 'behind']);
  expect(wrapped('注文 unbreakable', 5)).toEqual(['注文', 'unbreakable']);
  expect(wrapped('', 5)).toEqual(['']);
});

test('colours come after the cut, and what steers terminals not at all', () => {
  expect(painted([['ab', 'red'], ['cdef']], 4, true)).toBe('\u001B[31mab\u001B[0mc…');
  expect(painted([['ab', 'red']], 4, false)).toBe('ab');
  expect(harmless('a\u001B]0;x\u0007\n\u0085b')).toBe('a·]0;x···b');
});
