import { expect, test } from 'vitest';
import { arrayLiteral } from '../../../dialects/postgres/postgres-array-literal.ts';

test('elements are quoted, NULL is not', () => {
  expect(arrayLiteral(['a', null, 'NULL', '', 'x,y', 'q"\\'], false)).toBe(
    String.raw`{"a",NULL,"NULL","","x,y","q\"\\"}`,
  );
});

test('plain elements stay bare', () => {
  expect(arrayLiteral(['1', null, '-2.5'], true)).toBe('{1,NULL,-2.5}');
  expect(arrayLiteral([], true)).toBe('{}');
});
