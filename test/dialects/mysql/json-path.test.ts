import { describe, expect, test } from 'vitest';
import { parseJsonPath } from '../../../dialects/mysql/json-path.ts';
import { DecodeError } from '../../../src/foundation/byte-reader.ts';

function parsed(text: string): unknown {
  const bytes = Buffer.from(text);
  return parseJsonPath(bytes, 0, bytes.length);
}

describe('parseJsonPath (PITFALLS B84)', () => {
  test.each([
    ['$', []],
    ['$.a', [{ kind: 'member', key: 'a' }]],
    [
      '$.é1[3]',
      [
        { kind: 'member', key: 'é1' },
        { kind: 'cell', index: 3, fromLast: false },
      ],
    ],
    ['$."a.b \\"c\\u0041"', [{ kind: 'member', key: 'a.b "cA' }]],
    ['$.""', [{ kind: 'member', key: '' }]],
    ['$[last]', [{ kind: 'cell', index: 0, fromLast: true }]],
    ['$[last - 2]', [{ kind: 'cell', index: 2, fromLast: true }]],
  ])('%s', (text, steps) => {
    expect(parsed(text)).toEqual(steps);
  });

  test.each(['', 'a', '.a', '$a', '$.', '$.*', '$**.a', '$[*]', '$[', '$."a', '$."\\x"', '$[1'])(
    'refuses %j',
    (text) => {
      expect(() => parsed(text)).toThrow(DecodeError);
    },
  );

  test('a path is no deeper than a document', () => {
    expect(() => parsed(`$${'[0]'.repeat(101)}`)).toThrow(DecodeError);
  });
});
