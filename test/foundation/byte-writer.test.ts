import fc from 'fast-check';
import { expect, test } from 'vitest';

import { ByteWriter } from '../../src/foundation/byte-writer.ts';

test('ranges of any length are copied as they are, across growth', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }), (parts) => {
      const writer = new ByteWriter(1);
      for (const part of parts) {
        const padded = Buffer.concat([Buffer.from('xx'), part, Buffer.from('yy')]);
        writer.range(padded, 2, 2 + part.length);
      }
      expect(Buffer.compare(writer.written(), Buffer.concat(parts))).toBe(0);
    }),
  );
});

test('moving the position back undoes what was written', () => {
  const writer = new ByteWriter(4);
  writer.ascii('kept');
  const mark = writer.position;
  writer.utf8('dropped é');
  writer.position = mark;
  writer.u16be(0x4142);
  expect(writer.written().toString()).toBe('keptAB');
});
