import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { writeJsonString } from '../../../dialects/mysql/json-string.ts';
import { ByteWriter } from '../../../src/foundation/byte-writer.ts';

function quoted(text: string): string {
  const bytes = Buffer.from(`[${text}]`);
  const out = new ByteWriter(1);
  writeJsonString(bytes, 1, bytes.length - 1, out);
  return out.written().toString();
}

describe('writeJsonString', () => {
  // As MySQL 9.7.4 prints them, 2026-11-22.
  test.each([
    ['\b\f\n\r\t"\\/', '"\\b\\f\\n\\r\\t\\"\\\\/"'],
    ['\0\u0001\u000b\u001f', '"\\u0000\\u0001\\u000b\\u001f"'],
    ['é漢😀\u007f\u2028', '"é漢😀\u007f\u2028"'],
    ['', '""'],
  ])('%j', (text, expected) => {
    expect(quoted(text)).toBe(expected);
  });

  test('is read as the same text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(JSON.parse(quoted(text))).toBe(text);
      }),
    );
  });
});
