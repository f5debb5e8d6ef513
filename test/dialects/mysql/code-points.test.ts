import fc from 'fast-check';
import { expect, test } from 'vitest';
import { putCodePoint } from '../../../dialects/mysql/code-points.ts';

test('every character is written as UTF-8', () => {
  const target = Buffer.alloc(4);
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), (letter) => {
      const end = putCodePoint(target, 0, letter.codePointAt(0) ?? 0);
      expect(target.toString('utf8', 0, end)).toBe(letter);
    }),
  );
});
