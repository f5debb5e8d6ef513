import { expect, test } from 'vitest';
import { ReaderAges } from '../../../src/transport/embedded/reader-ages.ts';
import { FakeClock } from '../../support/fake-clock.ts';

test('the age is that of the snapshot held longest without a change', () => {
  const clock = new FakeClock();
  const ages = new ReaderAges(clock);
  expect(ages.oldestMs([])).toBe(0);
  expect(ages.oldestMs(['1 a 10'])).toBe(0);
  clock.advance(500);
  expect(ages.oldestMs(['1 a 10', '2 b 11'])).toBe(500);
  clock.advance(100);
  // Reader 1 took a newer snapshot.
  expect(ages.oldestMs(['1 a 12', '2 b 11'])).toBe(100);
});
