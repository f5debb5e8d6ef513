import { expect, test } from 'vitest';
import { assert, must, unreachable } from '../../src/foundation/assert.ts';

const internal = (message: string): unknown =>
  expect.objectContaining({ code: 'INTERNAL', message });

test('an invariant that holds passes, one that does not is a defect of ours', () => {
  expect(() => assert(true, 'fine')).not.toThrow();
  expect(() => assert(false, 'one slot per reader')).toThrow(internal('one slot per reader'));
});

test('must takes every value but null and undefined', () => {
  expect([0, '', false].map((value) => must(value, 'there'))).toEqual([0, '', false]);
  expect(() => must(null, 'no row')).toThrow(internal('no row'));
  expect(() => must(undefined, 'no row')).toThrow(internal('no row'));
});

test('a case that cannot be shows itself', () => {
  expect(() => unreachable({ kind: 'new' } as never)).toThrow(
    internal('unexpected case: {"kind":"new"}'),
  );
});
