// Bytes and texts as MySQL 9.7.4 wrote them to its binlog and answered a SELECT, 2026-11-22.
import { describe, expect, test } from 'vitest';
import { binlogValueWriter } from '../../../dialects/mysql/binlog-values.ts';
import { paddedWriter, prefixedWriter } from '../../../dialects/mysql/binlog-strings.ts';
import { DecodeError } from '../../../src/foundation/byte-reader.ts';
import { binlogColumn, valueText, writtenBytes } from '../../support/binlog-text.ts';

describe('texts and bytes (PITFALLS B57, B63, B79, B80)', () => {
  test.each([
    ['char(10)', 254, 40, 255, '026162', 'ab'],
    ['char(10)', 254, 40, 255, '02c3a9', 'é'],
    ['char(10)', 254, 40, 255, '00', ''],
    ['char(255)', 254, 1020, 255, '0900c3a9e6bca2f09f9880', 'é漢😀'],
    ['varchar(10)', 15, 40, 255, '03612020', 'a  '],
    ['varchar(10)', 15, 40, 255, '09c3a9e6bca2f09f9880', 'é漢😀'],
    ['text', 252, 2, 255, '0500785c790a79', 'x\\y\ny'],
    ['text', 252, 2, 255, '0000', ''],
    ['tinytext', 252, 1, 255, '0174', 't'],
    ['varchar(20) character set latin1', 15, 20, 8, '0461e980ff', 'aé€ÿ'],
    ['char(20) character set latin1', 254, 20, 8, '01e9', 'é'],
    ['text character set ucs2', 252, 2, 35, '0600006100e96f22', 'aé漢'],
    ['varchar(20) character set utf16', 15, 80, 54, '0a006100e96f22d83dde00', 'aé漢😀'],
    ['varchar(20) character set utf16le', 15, 80, 56, '0a6100e900226f3dd800de', 'aé漢😀'],
    ['varchar(20) character set utf32', 15, 80, 60, '1000000061000000e900006f220001f600', 'aé漢😀'],
    ['varchar(20) character set sjis', 15, 40, 13, '0a955c83418abf815f815f', '表ア漢\\\\'],
    ['varchar(20) character set cp932', 15, 40, 95, '058740955cb1', '①表ｱ'],
    ['varchar(20) character set ujis', 15, 60, 12, '06c9bd8eb1b4c1', '表ｱ漢'],
    ['varchar(20) character set eucjpms', 15, 60, 97, '04ada1c9bd', '①表'],
    ['varchar(20) character set gbk', 15, 40, 28, '04babad7d6', '汉字'],
    ['varchar(20) character set gb2312', 15, 40, 24, '04babad7d6', '汉字'],
    ['varchar(20) character set big5', 15, 40, 1, '06ba7ea672a55c', '漢字功'],
    ['varchar(20) character set euckr', 15, 40, 19, '06c7d1b1db8141', '한글갂'],
    ['varchar(20) character set koi8r', 15, 20, 7, '06d0d2c9d7c5d4', 'привет'],
    ['char(20) character set cp1251', 254, 20, 51, '06eff0e8e2e5f2', 'привет'],
    ['char(80) character set utf8mb4', 254, 320, 255, '010078', 'x'],
    ['varchar(20) character set swe7', 15, 20, 10, '0140', 'É'],
    ['varchar(20) character set ascii', 15, 20, 11, '03616263', 'abc'],
    ['varchar(20) character set gb18030', 15, 80, 248, '08babad7d69439fc36', '汉字😀'],
    ['varchar(20) collate utf8mb4_0900_ai_ci', 15, 80, 255, '0178', 'x'],
  ])('%s', (_name, type, meta, collation, hex, text) => {
    expect(valueText(binlogColumn(type, meta, { collation }), hex)).toBe(text);
  });

  test.each([
    ['binary(16)', 254, 16, '0f00112233445566778899aabbccddee', '00112233445566778899aabbccddee00'],
    ['binary(16)', 254, 16, '00', '00000000000000000000000000000000'],
    ['binary(16)', 254, 16, '0161', '61000000000000000000000000000000'],
    ['binary(255)', 254, 255, '0178', '78'.padEnd(510, '0')],
    ['varbinary(20)', 15, 20, '0300ff00', '00ff00'],
    ['blob', 252, 2, '030000ff00', '00ff00'],
    ['blob', 252, 2, '0000', ''],
    ['tinyblob', 252, 1, '0180', '80'],
    [
      'geometry',
      255,
      4,
      '19000000000000000101000000000000000000f03f0000000000000040',
      '000000000101000000000000000000f03f0000000000000040',
    ],
    [
      'point',
      255,
      4,
      '19000000e6100000010100000000000000000000c0000000000000f83f',
      'e6100000010100000000000000000000c0000000000000f83f',
    ],
    ['vector(3)', 242, 4, '0c0000000000803f00002040000040c0', '0000803f00002040000040c0'],
  ])('%s', (_name, type, meta, hex, bytes) => {
    const write = binlogValueWriter(binlogColumn(type, meta, { collation: 63 }));
    expect(writtenBytes(write, hex).toString('hex')).toBe(bytes);
  });

  test('a collation that is not told leaves the bytes as they are', () => {
    expect(valueText(binlogColumn(15, 20), '02c3a9')).toBe('é');
  });

  test.each(['', '05', '0561', '05616161'])('a length that reaches over the end: %s', (hex) => {
    expect(() => writtenBytes(prefixedWriter(1, null), hex)).toThrow(DecodeError);
    expect(() => writtenBytes(paddedWriter(1, 4), hex)).toThrow(DecodeError);
  });
});
