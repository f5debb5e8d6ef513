import { expect, test } from 'vitest';
import { ByteWriter } from '../../src/foundation/byte-writer.ts';
import { prepareBytes, writePrepared } from '../../src/rowpath/prepared-bytes.ts';

test('bytes of every length arrive whole, also when the writer has to grow', () => {
  for (let length = 0; length < 300; length++) {
    const text = 'abcdefghijklm'.repeat(24).slice(0, length);
    const out = new ByteWriter(1);
    writePrepared(out, prepareBytes(text));
    writePrepared(out, prepareBytes('end'));
    expect(out.written().toString()).toBe(`${text}end`);
  }
});

test('later changes of the source do not show', () => {
  const source = Buffer.from('before');
  const prepared = prepareBytes(source);
  source.fill(0);
  const out = new ByteWriter(8);
  writePrepared(out, prepared);
  expect(out.written().toString()).toBe('before');
});
