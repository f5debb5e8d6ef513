import { expect, test } from 'vitest';
import { HeldRows } from '../../../../src/source/mysql/stream/held-rows.ts';

const BYTES = Buffer.from('0123456789');

test('what is prepared comes back by its name, once, and as it came', () => {
  const held = new HeldRows(100);
  const bytes = Buffer.from(BYTES);
  held.keep(bytes, 2, 5, false);
  bytes.fill(0);
  held.prepared('x');
  held.keep(BYTES, 0, 1, true);
  expect(held.takeOpen().map((each) => [each.bytes.toString(), each.inner])).toEqual([['0', true]]);
  expect(held.take('x')?.map((each) => each.bytes.toString())).toEqual(['234']);
  expect([held.take('x'), held.bytes]).toEqual([undefined, 0]);
});

test('a name that is prepared again (the server sent it twice) replaces itself', () => {
  const held = new HeldRows(100);
  for (const end of [3, 4]) {
    held.keep(BYTES, 0, end, false);
    held.prepared('x');
  }
  expect([held.bytes, held.take('x')?.length]).toEqual([4, 1]);
});

test('more than fits is refused, with what to do', () => {
  const held = new HeldRows(15);
  held.keep(BYTES, 0, 10, false);
  expect(() => {
    held.keep(BYTES, 0, 10, false);
  }).toThrow(/more than 15 bytes/);
});
