import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodeSourceOffset,
  encodeSourceOffset,
  sourceOffsetKey,
} from '../../src/runtime/source-offset.ts';

const partition = { server: 'shop' };

test("the key is Connect's", () => {
  expect(sourceOffsetKey('orders', { partition })).toBe('["orders",{"server":"shop"}]');
});

test('what is stored is read again as it was', () => {
  const values = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.string().filter((name) => name !== '__proto__'),
        values,
      ),
      (offset) => {
        const stored = encodeSourceOffset({ partition, offset });
        expect(decodeSourceOffset(partition, stored)).toEqual({ partition, offset: { ...offset } });
      },
    ),
  );
  expect(decodeSourceOffset(partition, null)).toBeNull();
});

test.each(['', '{', '[]', 'null', '7', '"x"'])(
  'damaged state is told, not started anew: %s',
  (text) => {
    expect(() => decodeSourceOffset(partition, text)).toThrow(
      expect.objectContaining({ code: 'STORE_IO' }),
    );
  },
);
