import { expect, test } from 'vitest';
import { ChunkRows } from '../../../../src/source/mysql/incremental/chunk-rows.ts';

test('rows are copied out of a buffer that is used again, up to the room that there is', () => {
  const rows = new ChunkRows(100_000);
  const bytes = Buffer.alloc(60_000);
  for (let n = 1; n <= 3; n++) {
    bytes.fill(n);
    rows.data(bytes, 0, n * 20_000);
  }
  expect([rows.count, rows.cut]).toEqual([2, true]);
  expect([rows.start(0), rows.end(0), rows.start(1), rows.end(1)]).toEqual([
    0, 20_000, 20_000, 60_000,
  ]);
  expect([rows.bytes[19_999], rows.bytes[20_000], rows.bytes[59_999]]).toEqual([1, 2, 2]);
  // Nothing behind what did not fit: the next chunk begins there.
  rows.data(bytes, 0, 1);
  expect(rows.count).toBe(2);
});

test('one row has to fit, however large it is', () => {
  const rows = new ChunkRows(10);
  rows.data(Buffer.alloc(200_000, 7), 0, 200_000);
  expect([rows.count, rows.cut, rows.bytes[199_999]]).toEqual([1, false, 7]);
});
