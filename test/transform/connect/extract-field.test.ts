import { expect, test } from 'vitest';
import { compareRecorded } from '../../support/recorded-transforms.ts';

test.each(await compareRecorded('extract-field'))('as recorded: $title', ({ wanted, found }) => {
  expect(found).toEqual(wanted);
});
