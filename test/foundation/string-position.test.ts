import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StringPosition } from '../../src/foundation/string-position.ts';

test('gives the text that stands there, whatever stood there before', () => {
  const text = fc.oneof(
    fc.constantFrom('', 'a', 'b', 'postgresql', 'postgresqm', 'é', 'aé', 'x'.repeat(64)),
    fc.string({ unit: 'grapheme', maxLength: 80 }),
  );
  fc.assert(
    fc.property(fc.array(text, { maxLength: 400 }), fc.nat(5), (texts, offset) => {
      const position = new StringPosition();
      for (const expected of texts) {
        const encoded = Buffer.from(expected);
        const bytes = Buffer.concat([Buffer.alloc(offset, 0x7a), encoded, Buffer.from('zz')]);
        expect(position.read(bytes, offset, encoded.length)).toBe(expected);
      }
    }),
  );
});

test('a text that stays is one string', () => {
  const position = new StringPosition();
  const first = position.read(Buffer.from('a text that stays'), 0, 17);
  for (let i = 0; i < 1000; i++) {
    expect(position.read(Buffer.from('a text that stays'), 0, 17)).toBe(first);
  }
});
