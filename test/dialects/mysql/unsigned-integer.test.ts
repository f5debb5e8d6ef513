import fc from 'fast-check';
import { expect, test } from 'vitest';
import { unsignedInteger } from '../../../dialects/mysql/unsigned-integer.ts';

test('is what Node reads, at any place', () => {
  const bytes = fc.uint8Array({ minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(bytes, fc.nat(4), fc.integer({ min: 1, max: 4 }), (array, at, width) => {
      const buffer = Buffer.from(array);
      expect(unsignedInteger(buffer, at, width)).toBe(buffer.readUIntLE(at, width));
    }),
  );
});
