import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader, DecodeError } from '../../../../src/foundation/byte-reader.ts';
import { EventType } from '../../../../src/source/mysql/binlog/binlog-event-type.ts';
import { rowsKind } from '../../../../src/source/mysql/binlog/rows-kind.ts';
import { RowsReader } from '../../../../src/source/mysql/binlog/rows-reader.ts';
import { readTableMap } from '../../../../src/source/mysql/binlog/table-map.ts';
import { hexBytes } from '../../../support/binlog-events.ts';

type Texts = readonly (string | null | undefined)[];

/** Rows of a body behind table id and flags; `table` likewise. Junk lies behind both. */
function rowsOf(
  table: string,
  body: string,
  type: number,
  { reader = new RowsReader(), fill = false } = {},
): Texts[] {
  const map = new ByteReader(hexBytes(table));
  const shape = readTableMap(map, { flavor: 'mysql', serverVersion: '8.0.36' });
  const kind = rowsKind(type);
  if (kind === undefined) throw new Error('no rows event');
  const bytes = Buffer.concat([hexBytes(body), Buffer.alloc(16, 0xff)]);
  reader.open(kind, shape, new ByteReader(bytes, 0, bytes.length - 16));
  const rows: Texts[] = [];
  while (reader.next()) {
    if (fill) reader.fillLeftOut();
    if (reader.op !== 'c') rows.push(shape.columns.map((_, i) => reader.before.text(i)));
    if (reader.op !== 'd') rows.push(shape.columns.map((_, i) => reader.after.text(i)));
  }
  return rows;
}

const PARTITIONED = '047465737400 047465737400 01030001010100';
const ONE_TINY = '0161000174000101 0001';
const TWO_INTEGERS = '016100017400020303 0003';

/** From go-mysql's TestRowsDataExtraData, TestLastNull, TestMultiBytesEnum and TestSet. */
test.each([
  [
    'extra data of NDB (PITFALLS B88)',
    TWO_INTEGERS,
    '0c000100000480000400000002ff000100000001000000000200000002000000',
    EventType.writeRows,
    ['1,1', '2,2'],
  ],
  ['a partition', PARTITIONED, '050001030001ff0003000000', EventType.writeRows, ['3']],
  [
    'the partitions of both rows',
    PARTITIONED,
    '0700010100030001ffff00030000000001000000',
    EventType.updateRows,
    ['3', '1'],
  ],
  ['a null in between', ONE_TINY, '020001fffe01fffe02', EventType.writeRows, ['1', 'null', '2']],
  ['a null at the end', ONE_TINY, '020001fffe01fe02ff', EventType.writeRows, ['1', '2', 'null']],
  [
    'an ENUM of two bytes without its members',
    '016100017400 0203fe02f70202',
    '020002fffc010000000100fc020000000101',
    EventType.writeRows,
    ['1,1', '2,257'],
  ],
  [
    'a SET without its members',
    '016100017400 0203fe02f80303',
    '020002fffc01000000050000',
    EventType.writeRows,
    ['1,5'],
  ],
  ['version 1', TWO_INTEGERS, '0203 fc0100000002000000', EventType.writeRowsV1, ['1,2']],
  ['a delete', TWO_INTEGERS, '0203 fd02000000', EventType.deleteRowsV1, ['null,2']],
])('%s', (_what, table, body, type, rows) => {
  expect(rowsOf(table, body, type).map((row) => row.map(String).join(','))).toEqual(rows);
});

describe('partial images (PITFALLS B60, B61)', () => {
  test('what an image leaves out is absent, and null bits count only what it has', () => {
    const rows = rowsOf(TWO_INTEGERS, '020102 fe07000000 ff', EventType.updateRowsV1);
    expect(rows).toEqual([
      ['7', undefined],
      [undefined, null],
    ]);
  });

  test('what the new row leaves out can be taken from the old one', () => {
    const body = '020102 fe07000000 fe08000000';
    const rows = rowsOf(TWO_INTEGERS, body, EventType.updateRowsV1, { fill: true });
    expect(rows).toEqual([
      ['7', undefined],
      ['7', '8'],
    ]);
  });

  test('images are reused: a row does not inherit from the one before', () => {
    const reader = new RowsReader();
    rowsOf(TWO_INTEGERS, '0203 fc0100000002000000', EventType.writeRowsV1, { reader });
    const rows = rowsOf(TWO_INTEGERS, '0202 ff', EventType.writeRowsV1, { reader });
    expect(rows).toEqual([[undefined, null]]);
  });

  test('an INSERT of defaults only is one row of no bytes', () => {
    expect(rowsOf(TWO_INTEGERS, '0200', EventType.writeRowsV1)).toEqual([[undefined, undefined]]);
  });
});

test('MariaDB deflates what follows the bitmaps (PITFALLS B91)', () => {
  const plain = hexBytes('fc0100000002000000fd03000000');
  const head = Buffer.from([0x81, plain.length]);
  const body = `0203${Buffer.concat([head, deflateSync(plain)]).toString('hex')}`;
  expect(rowsOf(TWO_INTEGERS, body, EventType.writeRowsCompressedV1)).toEqual([
    ['1', '2'],
    [null, '3'],
  ]);
});

describe('PARTIAL_UPDATE_ROWS (PITFALLS B84)', () => {
  /** An integer and a JSON document; the old one is {"a": 1}. */
  const table = '016100017400 0203f5 0104 02';
  const before = 'fc01000000 0d000000 0001000c000b00010005010061';
  const bitmaps = '020002ff';

  test('without differences the new row is as ever', () => {
    const body = `${bitmaps}ff${before}00 fe02000000 `;
    expect(rowsOf(table, body, EventType.partialUpdateRows)).toEqual([
      ['1', '{"a": 1}'],
      ['2', null],
    ]);
  });

  test('a difference is applied to the old document', () => {
    // REPLACE $.a by the small integer 5, in four bytes of length, an operation, path and value.
    const difference = '09000000 00 03242e61 03050500';
    const body = `${bitmaps}ff${before}0101 fc02000000 ${difference}`;
    expect(rowsOf(table, body, EventType.partialUpdateRows)).toEqual([
      ['1', '{"a": 1}'],
      ['2', '{"a": 5}'],
    ]);
  });

  test('without the old document the new one is absent, and said to be', () => {
    const reader = new RowsReader();
    const difference = '09000000 00 03242e61 03050500';
    // The old row has the integer only.
    const body = `02000201ff fe01000000 0101 fc02000000 ${difference}`;
    const rows = rowsOf(table, body, EventType.partialUpdateRows, { reader, fill: true });
    expect(rows).toEqual([
      ['1', undefined],
      ['2', undefined],
    ]);
    expect(reader.lacksJson).toBe(true);
  });
});

test.each([
  ['another count of columns', '0303fc0100000002000000'],
  ['a value that is cut', '0203fc01000000020000'],
  ['bytes behind the last row (PITFALLS B89)', '0203fc0100000002000000fc'],
  ['no rows at all', '0203'],
  ['no bitmap', '02'],
  ['rows without columns that have bytes', '0200ff'],
])('%s is a DecodeError', (_what, body) => {
  expect(() => rowsOf(TWO_INTEGERS, body, EventType.writeRowsV1)).toThrow(DecodeError);
});

test('extra data that is shorter than its length', () => {
  expect(() => rowsOf(TWO_INTEGERS, '010002ff', EventType.writeRows)).toThrow(DecodeError);
});

test('any bytes give rows or a DecodeError', () => {
  const types = [EventType.writeRows, EventType.updateRows, EventType.partialUpdateRows];
  const table = '016100017400 0403f50ffc 0504ff0102 0f';
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.constantFrom(...types), (bytes, type) => {
      try {
        rowsOf(table, `020004${Buffer.from(bytes).toString('hex')}`, type);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }),
    { numRuns: 2000 },
  );
});
