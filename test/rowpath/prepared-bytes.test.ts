import { expect, test } from 'vitest';
import { ByteWriter } from '../../src/foundation/byte-writer.ts';
import { prepareBytes, prepareConstant, writePrepared } from '../../src/rowpath/prepared-bytes.ts';

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

test('equal constants are one, other bytes never', () => {
  const bytes = [Buffer.from([0xc3]), Buffer.from([0xc3, 0xa9]), Buffer.from('Ã'), Buffer.from('')];
  for (const one of bytes) {
    expect(prepareConstant(Buffer.from(one)).bytes.equals(one)).toBe(true);
    for (const other of bytes) {
      const same = prepareConstant(Buffer.from(one)) === prepareConstant(Buffer.from(other));
      expect(same).toBe(one.equals(other));
    }
  }
  const long = Buffer.alloc(300, 'x');
  expect(prepareConstant(long)).not.toBe(prepareConstant(long));
});
