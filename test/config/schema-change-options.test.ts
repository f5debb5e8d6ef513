import { expect, test } from 'vitest';
import { SHAPE_CLASSES } from '../../src/config/alert-classes.ts';
import { GATED_CLASSES, TOLD_CLASSES } from '../../src/config/schema-change-options.ts';

test('every class of changes is one of the two, and none is both', () => {
  expect([...GATED_CLASSES, ...TOLD_CLASSES].toSorted()).toEqual([...SHAPE_CLASSES].toSorted());
  expect(GATED_CLASSES.filter((name) => TOLD_CLASSES.some((told) => told === name))).toEqual([]);
});
