import { expect, test } from 'vitest';
import { placementsOf } from '../../../src/transform/debezium/outbox-placement.ts';

test('places with and without alias', () => {
  expect(placementsOf(['a:header', 'b : ENVELOPE : c', 'p:partition'])).toEqual([
    { field: 'a', place: 'header', alias: 'a' },
    { field: 'b', place: 'envelope', alias: 'c' },
    { field: 'p', place: 'partition', alias: 'p' },
  ]);
});

test.each(['a', 'a:nowhere', ':header'])('%s is none', (entry) => {
  expect(() => placementsOf([entry])).toThrow('is not of the form column:place:alias');
});
