import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { ChangePosition } from '../../src/model/change-position.ts';
import {
  formatPosition,
  isPosition,
  parsePosition,
  POSITION_LENGTH,
  positionOrdinal,
  READ_ORDINAL,
} from '../../src/model/change-position.ts';

const WORD = fc.integer({ min: 0, max: 0xffffffff });
const POSITIONS: fc.Arbitrary<ChangePosition> = fc.record({
  epoch: fc.oneof(fc.integer({ min: 1, max: 3 }), WORD),
  commit: fc.oneof(fc.bigInt(0n, 20n), fc.bigInt(0n, 2n ** 64n - 1n)),
  ordinal: fc.oneof(fc.constantFrom(READ_ORDINAL, 1, 2, 0xffffffff), WORD),
});

function compare(a: ChangePosition, b: ChangePosition): number {
  if (a.epoch !== b.epoch) return a.epoch - b.epoch;
  if (a.commit !== b.commit) return a.commit < b.commit ? -1 : 1;
  return a.ordinal - b.ordinal;
}

test('the text has its fixed form', () => {
  const text = formatPosition({ epoch: 2, commit: 0x16b374d848n, ordinal: 255 });
  expect(text).toBe('00000002-00000016b374d848-000000ff');
  expect(text).toHaveLength(POSITION_LENGTH);
});

test('the order of the texts as bytes is the order of the positions', () => {
  fc.assert(
    fc.property(POSITIONS, POSITIONS, (a, b) => {
      const [one, other] = [formatPosition(a), formatPosition(b)];
      const bytes = Buffer.compare(Buffer.from(one), Buffer.from(other));
      expect(Math.sign(bytes)).toBe(Math.sign(compare(a, b)));
      expect(one < other).toBe(bytes < 0);
    }),
  );
});

test('what was written is read again', () => {
  fc.assert(
    fc.property(POSITIONS, (position) => {
      expect(parsePosition(formatPosition(position))).toEqual(position);
    }),
  );
});

test.each([
  '',
  '00000001-0000000000000001-0000000',
  '00000001-0000000000000001-000000000',
  '00000001-000000000000000G-00000000',
  '00000001-0000000000ABCDEF-00000000',
  '00000001_0000000000000001_00000000',
  '00000001-0000000000000001-0000000é',
  '0000000--0000000000000001-00000000',
])('%j is none', (text) => {
  expect(isPosition(text)).toBe(false);
  expect(parsePosition(text)).toBeNull();
});

test('rows that were read lose against all events at their place, in the order of these', () => {
  expect(positionOrdinal({ op: 'r', ordinal: 7 })).toBe(READ_ORDINAL);
  // A repair's read has shown that the row is gone.
  expect(positionOrdinal({ op: 'd', ordinal: 7, snapshot: 'incremental' })).toBe(READ_ORDINAL);
  // The truncate in front of them.
  expect(positionOrdinal({ ordinal: -1 })).toBe(READ_ORDINAL);
  expect(positionOrdinal({ op: 'c', ordinal: 0 })).toBeGreaterThan(READ_ORDINAL);
  expect(positionOrdinal({ op: 'u', ordinal: 1 })).toBeGreaterThan(
    positionOrdinal({ op: 'c', ordinal: 0 }),
  );
  expect(positionOrdinal({ op: 'd', ordinal: 2 ** 40 })).toBe(0xffffffff);
});
