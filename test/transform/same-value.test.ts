import { expect, test } from 'vitest';
import type { ConnectValue } from '../../src/model/connect-schema.ts';
import { sameValue } from '../../src/transform/same-value.ts';
import { ROW } from '../support/transform-records.ts';

const struct = (...values: ConnectValue[]): ConnectValue => ({ schema: ROW, values });

test.each<[ConnectValue, ConnectValue, boolean]>([
  [1, 1, true],
  [1n, 1n, true],
  ['a', 'b', false],
  [null, null, true],
  [null, 0, false],
  [NaN, NaN, true],
  [0, -0, false],
  [Buffer.from('a'), Buffer.from('a'), true],
  [Buffer.from('a'), 'a', false],
  [{ unscaled: 10n, scale: 1 }, { unscaled: 10n, scale: 1 }, true],
  [{ unscaled: 10n, scale: 1 }, { unscaled: 100n, scale: 2 }, false],
  [[1, null], [1, null], true],
  [[1], [1, 2], false],
  [struct(1, 'a'), struct(1, 'a'), true],
  [struct(1, 'a'), struct(1, 'b'), false],
  [struct(1), [1], false],
  [new Map([['a', 1]]), new Map([['a', 1]]), true],
  [new Map([['a', 1]]), new Map([['b', 1]]), false],
  [new Map([['a', 1]]), [1], false],
])('case %#', (a, b, wanted) => {
  expect([sameValue(a, b), sameValue(b, a)]).toEqual([wanted, wanted]);
});
