// Bytes and texts as MySQL 9.7.4 wrote them to its binlog and answered a SELECT, 2026-11-22.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonPrinter, jsonDoubleText, jsonWriter } from '../../../dialects/mysql/json-binary.ts';
import { DecodeError } from '../../../src/foundation/byte-reader.ts';
import { ByteWriter } from '../../../src/foundation/byte-writer.ts';
import { writtenBytes } from '../../support/binlog-text.ts';

function printed(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  const out = new ByteWriter(1);
  new JsonPrinter().print(bytes, 0, bytes.length, out);
  return out.written().toString();
}

/** A null in so many arrays of the small form. */
function nested(depth: number): string {
  let type = 4;
  let value = Buffer.of(0);
  for (let i = 0; i < depth; i++) {
    const head = Buffer.from('01000000000700', 'hex');
    head[4] = type;
    if (type === 4) head[5] = 0;
    value = type === 4 ? head : Buffer.concat([head, value]);
    value.writeUInt16LE(value.length, 2);
    type = 2;
  }
  return Buffer.concat([Buffer.of(type), value]).toString('hex');
}

describe('JsonPrinter prints what the server shows (PITFALLS B81, B82, B83)', () => {
  test.each([
    [
      '0002002e0012000100130001000f14000f1d00646ef6070b028000000132f60f1d147fffffff' +
        'fff0bdbfffffffffff',
      '{"d": 1.50, "n": -0.00100000000000000000}',
    ],
    [
      '0003003c00190001001a0002001c0002000f1e000f28000f320074743374360b080000000591' +
        'cbffff0b08080a0cb8c80000000b08ffffffffffffffff',
      '{"t": "-838:59:59.000000", "t3": "12:34:56.789000", "t6": "-00:00:00.000001"}',
    ],
    [
      '0003003b00190001001a0001001b0002000f1d000f27000f3100647a64740a080000000000ba' +
        'a5190a0800000000000000000c0840f5068310baa519',
      '{"d": "2020-02-29", "z": "0000-00-00", "dt": "2020-02-29 01:02:03.456000"}',
    ],
    ['02010011000f07000c08010000000042a519', '["2020-01-01 00:00:00.000001"]'],
    ['02020012000c0a000f0f0004c383c2a90f0178', '["Ã©", "base64:type15:eA=="]'],
    [
      '02060031000c16000f20000c23000c25000c2a000c2c000908660a0d09225c2f000f01010120' +
        '04f09f9880017f0461e280a8',
      '["\\bf\\n\\r\\t\\"\\\\/\\u0000", "base64:type15:AQ==", " ", "😀", "\x7f", "a\u2028"]',
    ],
    ['0c03746f70', '"top"'],
    ['050500', '5'],
    ['0b00000000000016c0', '-5.5'],
    ['0401', 'true'],
    ['0400', 'null'],
    ['0200000400', '[]'],
    ['0000000400', '{}'],
    ['0affffffffffffffff', '18446744073709551615'],
    ['0b000000000000f03f', '1.0'],
    ['0b0000000000000080', '-0.0'],
    ['0b00000000006af840', '100000.0'],
    ['0b408cb5781daf1544', '1e20'],
    [
      '02030025000b0d000b15000b1d00000000000000f03f00000000000004400000000000005940',
      '[1.0, 2.5, 100.0]',
    ],
    [
      '0001002e000b000100000c0061010022000b000100020c006202001600050100000a0001000c' +
        '000b00010004000063',
      '{"a": {"b": [1, {"c": null}]}}',
    ],
    [
      '00060035002e0000002e0001002f000100300001003100020033000200050500050600050100' +
        '0502000503000504004261626162c3a9',
      '{"": 5, "B": 6, "a": 1, "b": 2, "ab": 3, "é": 4}',
    ],
    ['0c02c3a9', '"é"'],
    [
      '0203002b000f0d000f17000f21000c0800000000a042a5190c083f420ffb7efff37e0c080000000000000000',
      '["2020-01-01 10:00:00.000000", "9999-12-31 23:59:59.999999", "0000-00-00 00:00:00.000000"]',
    ],
    ['0f0f02ff00', '"base64:type15:/wA="'],
    ['02020011000f0a000f0f000f03ff00aa0f00', '["base64:type15:/wCq", "base64:type15:"]'],
    ['0204001000040100040200040000040100', '[true, false, null, true]'],
    ['0c00', '""'],
    ['0402', 'false'],
  ])('%s', (hex, text) => {
    expect(printed(hex)).toBe(text);
  });

  test('no bytes are a JSON null', () => {
    expect(printed('')).toBe('null');
  });

  test('the large forms have four bytes for counts and offsets', () => {
    const object = '01010000001a0000001300000001000c14000000610568656c6c6f';
    expect(printed(object)).toBe('{"a": "hello"}');
    expect(printed('03020000001200000007ffffffff08ffffffff')).toBe('[-1, 4294967295]');
  });

  test('base64 in lines of 76 letters, the break escaped', () => {
    const bytes = Buffer.alloc(58, 0x61);
    const first = bytes.toString('base64', 0, 57);
    const text = `"base64:type15:${first}\\n${bytes.toString('base64', 57)}"`;
    expect(printed(`0f0f3a${bytes.toString('hex')}`)).toBe(text);
  });

  test('a hundred levels, and no more', () => {
    expect(printed(nested(100))).toBe(`${'['.repeat(100)}null${']'.repeat(100)}`);
    expect(() => printed(nested(101))).toThrow(/deeply/);
  });

  test('values that share bytes end before they print without end', () => {
    // Twenty cells on each of forty levels, all of them the one array of the next level.
    const size = 64;
    const bytes = Buffer.alloc(1 + 40 * size);
    bytes[0] = 2;
    for (let level = 0; level < 40; level++) {
      const at = 1 + level * size;
      bytes.writeUInt16LE(20, at);
      bytes.writeUInt16LE((40 - level) * size, at + 2);
      for (let i = 0; i < 20; i++) {
        bytes[at + 4 + 3 * i] = level === 39 ? 4 : 2;
        bytes.writeUInt16LE(level === 39 ? 0 : size, at + 5 + 3 * i);
      }
    }
    expect(() => printed(bytes.toString('hex'))).toThrow(/share bytes/);
  });

  test.each([
    '0403',
    '0d00',
    '0b000000000000f07f',
    '0cffffffffff7f',
    '0c0561',
    '0001',
    '020100ff00',
  ])('refuses %s', (hex) => {
    expect(() => printed(hex)).toThrow(DecodeError);
  });

  test('any bytes print, within bounds, or are refused', () => {
    const document = fc.tuple(fc.integer({ min: 0, max: 15 }), fc.uint8Array({ maxLength: 60 }));
    fc.assert(
      fc.property(document, ([type, bytes]) => {
        try {
          const text = printed(Buffer.from([type, ...bytes]).toString('hex'));
          expect(text.length).toBeLessThan(6 * 61 * 20);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
    );
  });
});

describe('jsonDoubleText (PITFALLS B82)', () => {
  test.each([
    [1, '1.0'],
    [-0, '-0.0'],
    [1e10, '10000000000.0'],
    [999_999_999_999_999, '999999999999999.0'],
    [1e15, '1e15'],
    [1234567890123456.8, '1234567890123456.8'],
    [9.007199254740992e15, '9.007199254740992e15'],
    [1.5e-5, '0.000015'],
    [1e-16, '1e-16'],
  ])('%d', (value, text) => {
    expect(jsonDoubleText(value)).toBe(text);
  });
});

test('a column has its length in front', () => {
  expect(writtenBytes(jsonWriter(4), '050000000000000400').toString()).toBe('{}');
  expect(writtenBytes(jsonWriter(4), '00000000').toString()).toBe('null');
  expect(() => writtenBytes(jsonWriter(4), '0500000004')).toThrow(DecodeError);
});
