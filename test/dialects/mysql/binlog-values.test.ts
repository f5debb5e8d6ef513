import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BinlogType } from '../../../dialects/mysql/binlog-type.ts';
import { binlogValueWriter } from '../../../dialects/mysql/binlog-values.ts';
import { DecodeError } from '../../../src/foundation/byte-reader.ts';
import { ByteWriter } from '../../../src/foundation/byte-writer.ts';
import { binlogColumn, valueText, writtenBytes } from '../../support/binlog-text.ts';

describe('binlogValueWriter', () => {
  test.each([
    ['no type', 99, 0],
    ['a DECIMAL of the time before 5.0', 0, 0],
    ['nothing but nulls', BinlogType.null, 0],
    ['DECIMAL(0,0)', BinlogType.newDecimal, 0],
    ['DECIMAL(5,6)', BinlogType.newDecimal, 0x0506],
    ['DECIMAL(66,0)', BinlogType.newDecimal, 0x4200],
    ['BIT(65)', BinlogType.bit, 65],
    ['an index of 3 bytes', BinlogType.enum, 3],
    ['a bitmap of 9 bytes', BinlogType.set, 9],
    ['a length of 5 bytes', BinlogType.blob, 5],
    ['a length of no bytes', BinlogType.json, 0],
    ['DATETIME(7)', BinlogType.datetime2, 7],
  ])('%s is no column', (_what, type, meta) => {
    expect(() => binlogValueWriter(binlogColumn(type, meta))).toThrow(DecodeError);
  });

  test('a binary collation tells bytes from text (PITFALLS B80)', () => {
    const binary = binlogValueWriter(binlogColumn(BinlogType.string, 3, { collation: 63 }));
    expect(writtenBytes(binary, '01e9').toString('hex')).toBe('e90000');
    expect(valueText(binlogColumn(BinlogType.string, 3, { collation: 8 }), '01e9')).toBe('é');
  });

  test('BIT is its bytes, the highest first (PITFALLS B76)', () => {
    const write = binlogValueWriter(binlogColumn(BinlogType.bit, 9));
    expect(writtenBytes(write, '0155').toString('hex')).toBe('0155');
    expect(() => writtenBytes(write, '01')).toThrow(DecodeError);
  });

  test.each([
    ['geometry', BinlogType.geometry, '02000000abcd', 'abcd'],
    ['vector', BinlogType.vector, '040000000000803f', '0000803f'],
  ])('%s is its bytes (PITFALLS B85, B86)', (_what, type, hex, bytes) => {
    const write = binlogValueWriter(binlogColumn(type, 4));
    expect(writtenBytes(write, hex).toString('hex')).toBe(bytes);
  });
});

test('any column reads any bytes or throws a DecodeError, and stays within them (B94)', () => {
  const column = fc.record({
    type: fc.constantFrom(...Object.values(BinlogType)),
    meta: fc.oneof(fc.integer({ min: 0, max: 70 }), fc.integer({ min: 0, max: 0xffff })),
    unsigned: fc.boolean(),
    collation: fc.constantFrom(null, 63, 8, 13, 28, 33, 35, 45, 54, 56, 60, 12, 248),
    flavor: fc.constantFrom('mysql' as const, 'mariadb' as const),
    members: fc.constantFrom(null, ['a', 'b', 'c']),
  });
  fc.assert(
    fc.property(column, fc.uint8Array({ maxLength: 40 }), fc.nat(3), (shape, array, at) => {
      const bytes = Buffer.from(array);
      const start = Math.min(at, bytes.length);
      const out = new ByteWriter(1);
      try {
        const next = binlogValueWriter(shape)(bytes, start, bytes.length, out);
        expect(next).toBeGreaterThanOrEqual(start);
        expect(next).toBeLessThanOrEqual(bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }),
    { numRuns: 3000 },
  );
});
