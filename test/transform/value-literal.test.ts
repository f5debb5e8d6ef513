import { expect, test } from 'vitest';
import { parseLiteral } from '../../src/transform/value-literal.ts';

test.each([
  ['', 'string', ''],
  ['[]', 'array', []],
  ['{}', 'map', new Map()],
  ['[1, "a"]', 'string', '[1, "a"]'],
  ['[1,', 'string', '[1,'],
  ['{"a": [1, 2]}', 'map', new Map([['a', [1, 2]]])],
  ['[[1], [2]]', 'string', '[[1], [2]]'],
  ['{a: 1}', 'string', '{a: 1}'],
  ['[3000000000, 1]', 'array', [3000000000n, 1n]],
])('%s is a %s', (text, type, value) => {
  const literal = parseLiteral(text);
  expect([literal.schema?.type, literal.value]).toEqual([type, value]);
});
