import { expect, test } from 'vitest';
import { RowImage } from '../../../src/model/row-image.ts';
import {
  isComplete,
  keyImage,
  rowKey,
  rowKeyOf,
  rowKeyValues,
} from '../../../src/source/incremental/row-key.ts';

test('keys differ where rows differ, and give their values back', () => {
  const key = (...values: string[]): string | null =>
    rowKey(
      RowImage.of(values),
      null,
      values.map((_, i) => i),
    );
  expect(key('1', '23')).not.toBe(key('12', '3'));
  for (const values of [
    ['1', '23'],
    ['', ':'],
    ['5:x', 'ü'],
  ]) {
    expect(rowKeyValues(key(...values) ?? '')).toEqual(values);
  }
});

test('a part that did not change may come from the old image; a missing one leaves no key', () => {
  const before = RowImage.of(['k', null]);
  expect(rowKey(RowImage.of([undefined, 'x']), before, [0])).toBe('1:k');
  expect(rowKey(RowImage.of([undefined, 'x']), null, [0])).toBeNull();
  expect(rowKey(RowImage.of([null]), null, [0])).toBeNull();
});

test('an image is complete without absent values', () => {
  expect(isComplete(RowImage.of(['a', null]))).toBe(true);
  expect(isComplete(RowImage.of(['a', undefined]))).toBe(false);
});

test('of raw bytes each is a letter, so that different ones stay different', () => {
  const image = RowImage.of(['x', 'x']);
  image.bytes = Buffer.from([0xff, 0xfe]);
  expect(rowKey(image, null, [0], 'latin1')).not.toBe(rowKey(image, null, [1], 'latin1'));
  expect(rowKeyValues(rowKey(image, null, [0, 1], 'latin1') ?? '')).toEqual(['\xff', '\xfe']);
});

test('of a key alone an image is made: the other columns are not known', () => {
  const image = keyImage(rowKeyOf(['ü', '']), [3, 1], 4);
  expect([0, 1, 2, 3].map((i) => image.text(i))).toEqual([undefined, '', undefined, 'ü']);
  expect(rowKey(image, null, [3, 1])).toBe(rowKeyOf(['ü', '']));
  expect(keyImage('1:\u00ff', [0], 1, 'latin1').bytes).toEqual(Buffer.from([255]));
});
