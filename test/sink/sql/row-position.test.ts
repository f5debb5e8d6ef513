import { expect, test } from 'vitest';
import { formatPosition } from '../../../src/model/change-position.ts';
import {
  formatRowPosition,
  justBefore,
  later,
  parseRowPosition,
} from '../../../src/sink/sql/row-position.ts';

const at = (ordinal: number): string => formatPosition({ epoch: 1, commit: 7n, ordinal });

test('columns of older changes stand behind the position of the row', () => {
  const older = new Map([
    ['bio "x"', at(1)],
    ['b', at(2)],
  ]);
  const text = formatRowPosition({ position: at(3), older });
  expect(parseRowPosition(text)).toEqual({ position: at(3), older });
  expect(text > at(3) && text < at(4)).toBe(true);
});

test('a row without older columns says its position alone; one from before the guard none', () => {
  expect(formatRowPosition({ position: at(3), older: new Map() })).toBe(at(3));
  expect(parseRowPosition(at(3))).toEqual({ position: at(3), older: new Map() });
  expect(parseRowPosition(null)).toEqual({ position: '', older: new Map() });
});

test('what a change of key brings stands between it and all that was before', () => {
  for (let ordinal = 1; ordinal < 40; ordinal++) {
    const moved = justBefore(at(ordinal));
    expect(at(ordinal - 1) < moved && moved < at(ordinal)).toBe(true);
    expect(later(moved, at(ordinal))).toBe(at(ordinal));
  }
});
