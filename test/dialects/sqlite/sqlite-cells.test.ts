import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cellOf, literalOfCell, valueOfCell } from '../../../dialects/sqlite/sqlite-cells.ts';

test('each storage class goes and comes back as what it is (S15, S17)', () => {
  expect(valueOfCell(cellOf('INTEGER', '-9223372036854775808'))).toBe(-(2n ** 63n));
  expect(valueOfCell(cellOf('REAL', '1e+300'))).toBe(1e300);
  expect(valueOfCell(cellOf('TEXT', ''))).toBe('');
  expect(valueOfCell(cellOf('TEXT', "r1'\0"))).toBe("r1'\0");
  expect(valueOfCell(cellOf('BLOB', '00ff'))).toEqual(Buffer.from([0, 255]));
  expect(valueOfCell(cellOf('BLOB', ''))).toEqual(Buffer.alloc(0));
  expect(valueOfCell(null)).toBeNull();
  // As the offsets of the sink's own tables are written.
  expect(valueOfCell('42')).toBe(42n);
});

test('no two values of different classes are one text', () => {
  const cells = ['1', cellOf('REAL', '1'), cellOf('TEXT', '1'), cellOf('BLOB', '31')];
  expect(new Set(cells).size).toBe(cells.length);
});

test('as literals of a default they are the same values', () => {
  using database = new DatabaseSync(':memory:');
  const read = (cell: string): unknown => {
    const statement = database.prepare(`SELECT ${literalOfCell(cell)} AS v`);
    statement.setReadBigInts(true);
    return statement.get()?.['v'];
  };
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (number) => {
      // SQLite has one zero.
      expect(read(cellOf('REAL', String(number)))).toBe(number === 0 ? 0 : number);
    }),
  );
  expect(read(cellOf('INTEGER', '9007199254740993'))).toBe(9007199254740993n);
  expect(read(cellOf('TEXT', "it's"))).toBe("it's");
  expect(Buffer.from(read(cellOf('BLOB', '00ff')) as Uint8Array)).toEqual(Buffer.from([0, 255]));
  expect(() => literalOfCell(cellOf('TEXT', 'a\0'))).toThrow(/NUL/);
});
