// Bytes and texts as MySQL 9.7.4 wrote them to its binlog and answered a SELECT, 2026-11-22.
import { describe, expect, test } from 'vitest';
import { integerWriter, writeYear } from '../../../dialects/mysql/binlog-integers.ts';
import { BinlogType } from '../../../dialects/mysql/binlog-type.ts';
import { DecodeError } from '../../../src/foundation/byte-reader.ts';
import { binlogColumn, valueText, writtenBytes } from '../../support/binlog-text.ts';

describe('integers of every width (PITFALLS B67, B68)', () => {
  test.each([
    ['tinyint', 1, false, '80', '-128'],
    ['tinyint', 1, false, 'ff', '-1'],
    ['tinyint', 1, false, '00', '0'],
    ['tinyint', 1, false, '7f', '127'],
    ['tinyint unsigned', 1, true, '00', '0'],
    ['tinyint unsigned', 1, true, 'ff', '255'],
    ['smallint', 2, false, '0080', '-32768'],
    ['smallint', 2, false, 'ff7f', '32767'],
    ['smallint unsigned', 2, true, 'ffff', '65535'],
    ['mediumint', 9, false, '000080', '-8388608'],
    ['mediumint', 9, false, 'ffff7f', '8388607'],
    ['mediumint', 9, false, 'ffffff', '-1'],
    ['mediumint unsigned', 9, true, 'ffffff', '16777215'],
    ['int', 3, false, '00000080', '-2147483648'],
    ['int', 3, false, 'ffffff7f', '2147483647'],
    ['int unsigned', 3, true, 'ffffffff', '4294967295'],
    ['bigint', 8, false, '0000000000000080', '-9223372036854775808'],
    ['bigint', 8, false, 'ffffffffffffff7f', '9223372036854775807'],
    ['bigint', 8, false, 'ffffffffffffffff', '-1'],
    ['bigint', 8, false, '0000000000000000', '0'],
    ['bigint', 8, false, '0100000000002000', '9007199254740993'],
    ['bigint', 8, false, 'ffffffffffffdfff', '-9007199254740993'],
    ['bigint', 8, false, '0000000001000000', '4294967296'],
    ['bigint', 8, false, '00000000ffffffff', '-4294967296'],
    ['bigint unsigned', 8, true, 'ffffffffffffffff', '18446744073709551615'],
    ['bigint unsigned', 8, true, '0000000000000080', '9223372036854775808'],
    ['bigint unsigned', 8, true, '001ab5d5ffffffff', '18446744073000000000'],
    ['bigint unsigned', 8, true, '0000000000000000', '0'],
    ['bigint unsigned', 8, true, '0000000000002000', '9007199254740992'],
    ['bigint unsigned', 8, true, 'ffffe7890423c78a', '9999999999999999999'],
    ['bigint unsigned', 8, true, '0000e8890423c78a', '10000000000000000000'],
  ])('%s', (_name, type, unsigned, hex, text) => {
    expect(valueText(binlogColumn(type, 0, { unsigned }), hex)).toBe(text);
  });

  test.each([1, 2, 3, 4, 8] as const)('%i bytes and no fewer', (width) => {
    const write = integerWriter(width, false);
    expect(() => writtenBytes(write, '00'.repeat(width - 1))).toThrow(DecodeError);
    expect(writtenBytes(write, '01'.padEnd(width * 2, '0')).toString()).toBe('1');
  });
});

describe('years (PITFALLS B74)', () => {
  test.each([
    ['00', '0000'],
    ['01', '1901'],
    ['ff', '2155'],
    ['46', '1970'],
  ])('%s', (hex, text) => {
    expect(valueText(binlogColumn(BinlogType.year, 0), hex)).toBe(text);
    expect(writtenBytes(writeYear, hex).toString()).toBe(text);
  });
});
