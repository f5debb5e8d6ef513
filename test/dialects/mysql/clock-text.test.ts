import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  MOST_CLOCK_LETTERS,
  putClock,
  putDate,
  putFraction,
  putInstant,
} from '../../../dialects/mysql/clock-text.ts';

const target = Buffer.alloc(MOST_CLOCK_LETTERS);
const text = (end: number): string => target.toString('latin1', 0, end);

describe('clock-text', () => {
  test('an instant is what Date prints', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0xffffffff }), (seconds) => {
        const iso = new Date(seconds * 1000).toISOString();
        expect(text(putInstant(target, 0, seconds))).toBe(iso.slice(0, 19).replace('T', ' '));
      }),
    );
  });

  test('no second at all is the zero date (PITFALLS B73)', () => {
    expect(text(putInstant(target, 0, 0))).toBe('0000-00-00 00:00:00');
  });

  test('dates, clocks and fractions', () => {
    expect(text(putDate(target, 0, 2010, 0, 5))).toBe('2010-00-05');
    expect(text(putClock(target, 0, 838, 59, 0))).toBe('838:59:00');
    expect(text(putClock(target, 0, 8, 5, 9))).toBe('08:05:09');
    expect(text(putFraction(target, 0, 7, 3))).toBe('.007');
    expect(putFraction(target, 0, 0, 0)).toBe(0);
  });
});
