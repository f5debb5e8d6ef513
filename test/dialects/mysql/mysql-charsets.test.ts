import { describe, expect, test } from 'vitest';
import {
  converterOfCharset,
  converterOfCollation,
} from '../../../dialects/mysql/mysql-charsets.ts';
import { charsetOfCollation } from '../../../dialects/mysql/mysql-collations.ts';
import { DecodeError } from '../../../src/foundation/byte-reader.ts';
import { ByteWriter } from '../../../src/foundation/byte-writer.ts';

function utf8(charset: string, hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  const out = new ByteWriter(1);
  converterOfCharset(charset)?.(bytes, 0, bytes.length, out);
  return out.written().toString();
}

describe('texts of a charset become UTF-8 as the servers convert them (PITFALLS B79)', () => {
  // CONVERT(… USING utf8mb4) of MySQL 9.7.4, 2026-11-22; there all codes of all charsets were
  // compared, 420,000 of them.
  test.each([
    ['latin1', '80818d8f909d9fff', '€\u0081\u008d\u008f\u0090\u009dŸÿ'],
    ['latin2', 'a1e6ff', 'Ąć˙'],
    ['latin5', 'd0fdfe', 'Ğış'],
    ['greek', 'c1e0', 'Αΰ'],
    ['hebrew', 'e0fa', 'את'],
    ['koi8u', 'a4c1', 'єа'],
    ['cp850', '9bd5', 'øı'],
    ['cp1256', 'c7ed', 'اي'],
    ['tis620', 'a1', 'ก'],
    ['armscii8', 'b2b3', 'Աա'],
    ['geostd8', 'c0', 'ა'],
    ['dec8', 'd7', 'Œ'],
    ['hp8', 'a1', 'À'],
    ['keybcs2', '80', 'Č'],
    ['macce', '80', 'Ä'],
    ['swe7', '405b5c5d7b7c7d', 'ÉÄÖÅäöå'],
    ['ascii', '61ff', 'a?'],
    ['ucs2', '006100e96f22', 'aé漢'],
    ['utf16', '0061d83dde00', 'a😀'],
    ['utf16le', '61003dd800de', 'a😀'],
    ['utf32', '000000610001f600', 'a😀'],
    ['sjis', '5c7e955c815fb18740', '\\~表\\ｱ?'],
    ['cp932', '87408160b1', '①～ｱ'],
    ['ujis', 'c9bd8eb18fb0a1a1c1', '表ｱ丂〜'],
    ['eucjpms', 'ada18ff3f3f5a1', '①ⅰ\ue000'],
    ['euckr', 'c7d18141c652', '한갂힣'],
    ['gb2312', 'baba', '汉'],
    ['gbk', 'bababe40', '汉継'],
    ['big5', 'ba7ea55cc6a1c7fc', '漢功ヾ⑽'],
    ['gb18030', 'baba9439fc36', '汉😀'],
  ])('%s %s', (charset, hex, text) => {
    expect(utf8(charset, hex)).toBe(text);
  });

  test.each([
    ['utf16', 'd83d0061', '?a'],
    ['utf16', 'de00', '?'],
    ['utf16', '006100', 'a?'],
    ['utf32', '00110000', '?'],
    ['utf32', '0000d800', '?'],
    ['utf32', '0000', '?'],
    ['ujis', '8fb0', '??'],
    ['gbk', '81', '?'],
    ['gb18030', '8130', '?0'],
  ])('what is none becomes a question mark: %s %s', (charset, hex, text) => {
    expect(utf8(charset, hex)).toBe(text);
  });
});

describe('converterOfCollation', () => {
  test('UTF-8, bytes and what is not told stay as they are', () => {
    for (const id of [33, 45, 63, 255, 2304, null]) expect(converterOfCollation(id)).toBeNull();
  });

  test('an unknown one is an error, not a guess', () => {
    expect(() => converterOfCollation(4000)).toThrow(DecodeError);
  });

  test('every charset of the servers has a converter', () => {
    for (let id = 0; id < 3300; id++) {
      const charset = charsetOfCollation(id);
      if (charset !== undefined) expect(converterOfCharset(charset)).toBeDefined();
    }
  });
});
