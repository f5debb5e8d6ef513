import { expect, test } from 'vitest';
import { floorDiv } from '../../src/foundation/floor-division.ts';

test('times before 1970 are rounded down', () => {
  expect([floorDiv(-1n, 1000n), floorDiv(-1000n, 1000n), floorDiv(1999n, 1000n)]).toEqual([
    -1n,
    -1n,
    1n,
  ]);
});
