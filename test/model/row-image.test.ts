import { expect, test } from 'vitest';

import { RowImage } from '../../src/model/row-image.ts';

test('a copy keeps its values when the connection’s buffer is used again', () => {
  const row = RowImage.of(['a', null, undefined, '', 'ünï']);
  const kept = new RowImage();
  kept.copyFrom(row);
  row.bytes.fill(0x2a);
  expect([0, 1, 2, 3, 4].map((i) => kept.text(i))).toEqual(['a', null, undefined, '', 'ünï']);
});

test('a row wider than any before it finds room', () => {
  const values = Array.from({ length: 1600 }, (_, i) => String(i));
  const row = RowImage.of(values);
  const kept = new RowImage();
  kept.copyFrom(row);
  expect(values.every((value, i) => kept.text(i) === value)).toBe(true);
});
