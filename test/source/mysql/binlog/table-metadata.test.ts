import { describe, expect, test } from 'vitest';
import { ByteReader, DecodeError } from '../../../../src/foundation/byte-reader.ts';
import {
  type MetadataSubject,
  readTableMetadata,
  type TableMetadata,
} from '../../../../src/source/mysql/binlog/table-metadata.ts';
import { hexBytes } from '../../../support/binlog-events.ts';

const YEAR = 13;
const [TINY, LONG, LONGLONG, DOUBLE, DECIMAL, BIT] = [1, 3, 8, 5, 246, 16];
const [CHAR, VARCHAR, BLOB, ENUM, SET, JSON_TYPE, GEOMETRY, VECTOR] = [
  254, 15, 252, 247, 248, 245, 255, 242,
];

function read(
  hex: string,
  types: readonly number[],
  origin: Partial<MetadataSubject> = {},
): TableMetadata {
  const reader = new ByteReader(hexBytes(hex));
  return readTableMetadata(reader, { flavor: 'mysql', serverVersion: '9.7.4', types, ...origin });
}

test('nothing told', () => {
  expect(read('', [LONG, VARCHAR])).toEqual({
    unsigned: null,
    collations: [null, null],
    members: [null, null],
    names: null,
    primaryKey: null,
    visible: null,
    geometryTypes: [null, null],
    vectorDimensions: [null, null],
  });
});

describe('signs (PITFALLS B50)', () => {
  /** (YEAR, INT U, YEAR, INT, TINY U, BIT, DEC U, BIGINT, DOUBLE U), as three servers told it. */
  const types = [YEAR, LONG, YEAR, LONG, TINY, BIT, DECIMAL, LONGLONG, DOUBLE];
  const expected = [true, true, true, false, true, false, true, false, true];

  test.each([
    ['8.0.15, which leaves YEAR out', '0101b4', { serverVersion: '8.0.15' }],
    ['9.7.4', '0101ed', {}],
    ['MariaDB 10.11', '0101ed', { flavor: 'mariadb', serverVersion: '10.11.19-MariaDB' }],
  ] as const)('%s', (_what, hex, origin) => {
    expect(read(hex, types, origin).unsigned).toEqual(expected);
  });

  test('bits that can be read in one way only need no version', () => {
    // c0: two bits set; counted with YEAR a third would have to be zero, or YEAR not set.
    expect(read('010140', [YEAR, LONG, LONG], { serverVersion: '8.0.99' }).unsigned).toEqual([
      true,
      false,
      true,
    ]);
    expect(read('0101e0', [YEAR, LONG, LONG], { serverVersion: '8.0.15' }).unsigned).toEqual([
      true,
      true,
      true,
    ]);
  });

  test('where both readings are possible the version decides', () => {
    const read80 = (serverVersion: string): readonly boolean[] | null =>
      read('010180', [YEAR, LONG], { serverVersion }).unsigned;
    expect(read80('8.0.15')).toEqual([true, true]);
    expect(read80('8.0.29')).toEqual([true, false]);
    expect(read80('9.7.4')).toEqual([true, false]);
  });

  test('too few bits', () => {
    expect(() => read('0100', [LONG])).toThrow(DecodeError);
  });
});

describe('collations (PITFALLS B51)', () => {
  const types = [LONG, GEOMETRY, CHAR, JSON_TYPE, VECTOR, BLOB];

  test('one for each character column; on MariaDB geometry counts', () => {
    const mysql = read('0303 083f08', types).collations;
    expect(mysql).toEqual([null, null, 8, null, 63, 8]);
    const mariadb = read('0304 3f083f08', types, { flavor: 'mariadb' }).collations;
    expect(mariadb).toEqual([null, 63, 8, null, 63, 8]);
  });

  test('a default and exceptions; numbers over 250 have more bytes', () => {
    const hex = '0206 fcff00 01 3f 00';
    expect(() => read(hex, types)).toThrow(DecodeError);
    expect(read('0205 fcff00 01 3f', types).collations).toEqual([null, null, 255, null, 63, 255]);
    expect(() => read('0203 08 03 3f', types)).toThrow(/character column 3 of 3/);
  });

  test('ENUM and SET have their own', () => {
    const both = [ENUM, VARCHAR, SET];
    expect(read('0303 1c2d08', [...both, CHAR, BLOB]).collations[0]).toBeNull();
    expect(read('0b02 081c', both).collations).toEqual([8, null, 28]);
    expect(read('0a03 2d 01 08', both).collations).toEqual([45, null, 8]);
    expect(read('0301 2d 0b02 081c', both).collations).toEqual([8, 45, 28]);
  });
});

test('members, in bytes of their character set (PITFALLS B52)', () => {
  const { members } = read('0605 02 0161 01e9 0503 01 0178', [ENUM, SET]);
  expect(members).toEqual([[Buffer.from('a'), Buffer.from([0xe9])], [Buffer.from('x')]]);
});

test('names', () => {
  expect(read('0405 026964 016e', [LONG, LONG]).names).toEqual(['id', 'n']);
  expect(() => read('0403 026964', [LONG, LONG])).toThrow(DecodeError);
});

test('the primary key in its order, with prefixes (PITFALLS B53)', () => {
  const types = [LONG, VARCHAR, LONG, VARCHAR];
  expect(read('0802 0200', types).primaryKey).toEqual([
    { column: 2, prefix: 0 },
    { column: 0, prefix: 0 },
  ]);
  expect(read('0904 0100030a', types).primaryKey).toEqual([
    { column: 1, prefix: 0 },
    { column: 3, prefix: 10 },
  ]);
  expect(() => read('0801 04', types)).toThrow(DecodeError);
});

/** From go-mysql's TestTableMapOptMetaVisibility. */
test('visibility is a bit for every column (PITFALLS B54)', () => {
  const { visible } = read(
    '0c02 5880',
    Array.from({ length: 11 }, () => LONG),
  );
  expect(visible?.flatMap((each, i) => (each ? [i] : []))).toEqual([1, 3, 4, 8]);
});

test('types of geometry, dimensions of vectors; the unknown is passed over (PITFALLS B55)', () => {
  const metadata = read('0702 0107 ee03aabbcc 0d01 03', [GEOMETRY, VECTOR, GEOMETRY]);
  expect(metadata.geometryTypes).toEqual([1, null, 7]);
  expect(metadata.vectorDimensions).toEqual([null, 3, null]);
});

test('a field longer than the event', () => {
  expect(() => read('ee05aa', [])).toThrow(DecodeError);
});
