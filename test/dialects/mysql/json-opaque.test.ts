import { describe, expect, test } from 'vitest';
import { writeOpaque } from '../../../dialects/mysql/json-opaque.ts';
import { DecodeError } from '../../../src/foundation/byte-reader.ts';
import { ByteWriter } from '../../../src/foundation/byte-writer.ts';

function text(type: number, hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  const out = new ByteWriter(1);
  writeOpaque(type, bytes, 0, bytes.length, out);
  return out.written().toString();
}

describe('writeOpaque (PITFALLS B83)', () => {
  // Bytes and texts of MySQL 9.7.4, 2026-11-22.
  test.each([
    [246, '04028132', '1.50'],
    [11, '0000000591cbffff', '"-838:59:59.000000"'],
    [11, '080a0cb8c8000000', '"12:34:56.789000"'],
    [11, 'ffffffffffffffff', '"-00:00:00.000001"'],
    [10, '0000000000baa519', '"2020-02-29"'],
    [10, '0000000000000000', '"0000-00-00"'],
    [12, '40f5068310baa519', '"2020-02-29 01:02:03.456000"'],
    [7, '010000000042a519', '"2020-01-01 00:00:00.000001"'],
    [12, '0000000000000000', '"0000-00-00 00:00:00.000000"'],
    [15, 'ff00', '"base64:type15:/wA="'],
    [16, '05', '"base64:type16:BQ=="'],
    [15, '', '"base64:type15:"'],
  ])('type %i: %s', (type, hex, expected) => {
    expect(text(type, hex)).toBe(expected);
  });

  test.each([
    [246, '04'],
    [246, '0005ff'],
    [246, '0402'],
    [10, '00'],
    [12, 'ffffffffffffff7f'],
    [11, 'ffffffffffffff7f'],
    [11, '40420f0000000000'],
  ])('refuses type %i: %s', (type, hex) => {
    expect(() => text(type, hex)).toThrow(DecodeError);
  });
});
