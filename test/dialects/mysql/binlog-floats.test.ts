// Bytes and texts as MySQL 9.7.4 wrote them to its binlog and answered a SELECT, 2026-11-22.
import { describe, expect, test } from 'vitest';
import { writeDouble, writeFloat } from '../../../dialects/mysql/binlog-floats.ts';
import { DecodeError } from '../../../src/foundation/byte-reader.ts';
import { writtenBytes } from '../../support/binlog-text.ts';

describe('writeDouble', () => {
  test.each([
    ['0000000000000000', '0'],
    ['000000000000f03f', '1'],
    ['000000000000f8bf', '-1.5'],
    ['9a9999999999b93f', '0.1'],
    ['00003426f56b0c43', '1e15'],
    ['0000901ec4bcd642', '100000000000000'],
    ['6bde77832112dc42', '123456789012345.67'],
    ['1656e79eaf03d23c', '0.000000000000001'],
    ['bc89d897b2d29c3c', '1e-16'],
    ['ffffffffffffef7f', '1.7976931348623157e308'],
    ['0100000000000000', '5e-324'],
    ['0000000000001000', '2.2250738585072014e-308'],
    ['81e97df41022b143', '1.2345678901234568e18'],
    ['343333333333d33f', '0.30000000000000004'],
    ['92d54d06cff08044', '1e22'],
    ['50efe2d6e41a4b44', '1e21'],
    ['c976be9f0c24fe40', '123456.789'],
    ['03eb2af2548b1143', '1234567890123456.8'],
    ['0000000000000080', '-0'],
    ['0000000000004043', '9.007199254740992e15'],
    ['f168e388b5f8e43e', '0.00001'],
    ['76830df4f521843e', '0.00000015'],
  ])('%s', (hex, text) => {
    expect(writtenBytes(writeDouble, hex).toString()).toBe(text);
  });

  test.each(['000000000000f87f', '000000000000f0ff'])('no server stores %s', (hex) => {
    expect(() => writtenBytes(writeDouble, hex)).toThrow(DecodeError);
  });
});

describe('writeFloat (PITFALLS B69)', () => {
  test.each([
    ['9a99993e', '0.3'],
    ['ffff7f7f', '3.4028235e38'],
    ['01000000', '1e-45'],
    ['00000080', '-0'],
    ['0020f147', '123456'],
    ['000080cb', '-16777216'],
  ])('%s', (hex, text) => {
    expect(writtenBytes(writeFloat, hex).toString()).toBe(text);
  });

  test('nor a float that is none', () => {
    expect(() => writtenBytes(writeFloat, '0000c07f')).toThrow(DecodeError);
  });
});
