import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { multiByteConverter } from '../../../dialects/mysql/multi-byte-text.ts';
import { MULTI_BYTE_CHARSETS } from '../../../dialects/mysql/mysql-multi-byte-charsets.ts';
import { ByteWriter } from '../../../src/foundation/byte-writer.ts';

describe('multiByteConverter', () => {
  test('knows no other charset', () => {
    expect(multiByteConverter('latin1')).toBeNull();
  });

  test.each(Object.keys(MULTI_BYTE_CHARSETS))('%s: any bytes give well-formed UTF-8', (name) => {
    const convert = multiByteConverter(name);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const out = new ByteWriter(1);
        convert?.(Buffer.from(bytes), 0, bytes.length, out);
        const text = out.written().toString();
        expect(Buffer.from(text)).toEqual(out.written());
      }),
    );
  });

  test('big5: some pairs are U+FFFD, because the server itself reads them so', () => {
    const out = new ByteWriter(1);
    multiByteConverter('big5')?.(Buffer.from('a15aa1c341', 'hex'), 0, 5, out);
    expect(out.written().toString()).toBe('\ufffd\ufffdA');
  });

  test('a pair that is no character is one question mark', () => {
    const out = new ByteWriter(1);
    multiByteConverter('gbk')?.(Buffer.from('a2ab41', 'hex'), 0, 3, out);
    expect(out.written().toString()).toBe('?A');
  });
});
