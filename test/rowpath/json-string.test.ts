import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonString } from '../../src/converter/json-text.ts';
import { ByteWriter } from '../../src/foundation/byte-writer.ts';
import { writeBase64, writeHex, writeJsonString } from '../../src/rowpath/json-string.ts';

function written(text: string, offset = 0): string {
  const bytes = Buffer.from(`${'"'.repeat(offset)}${text}"`);
  const out = new ByteWriter(1);
  writeJsonString(bytes, offset, bytes.length - 1, out);
  return out.written().toString();
}

// As Jackson's UTF-8 generator writes them (recorded from Debezium 3.6.0.Final, table t_char).
test.each([
  ['', '""'],
  ['quote" back\\slash', String.raw`"quote\" back\\slash"`],
  ['tab\tnl\ncr\r', String.raw`"tab\tnl\ncr\r"`],
  ['\u0001\u001f', String.raw`"\u0001\u001F"`],
  ['text 你好 😀', String.raw`"text 你好 \uD83D\uDE00"`],
  ['\u007f é', '"\u007f é"'],
])('%j', (text, expected) => {
  expect(written(text)).toBe(expected);
});

test('any text at any alignment, short or long', () => {
  const text = fc.string({ unit: 'binary', maxLength: 40 });
  fc.assert(
    fc.property(text, fc.constantFrom('', 'x'.repeat(600)), fc.nat(7), (middle, more, offset) => {
      const whole = more + middle + more;
      expect(written(whole, offset)).toBe(jsonString(whole));
    }),
  );
});

test('base64 and hexadecimal digits of any bytes, few or many', () => {
  const few = fc.uint8Array({ maxLength: 200 });
  const many = fc.uint8Array({ minLength: 12_280, maxLength: 40_000, size: 'max' });
  fc.assert(
    fc.property(fc.oneof({ weight: 9, arbitrary: few }, many), fc.nat(3), (array, offset) => {
      const bytes = Buffer.concat([Buffer.alloc(offset, 0x41), array, Buffer.alloc(3, 0x41)]);
      const end = offset + array.length;
      for (const [encoding, write] of [
        ['base64', writeBase64],
        ['hex', writeHex],
      ] as const) {
        const out = new ByteWriter(1);
        write(bytes, offset, end, out);
        expect(out.written().toString()).toBe(bytes.toString(encoding, offset, end));
      }
    }),
  );
});
