import { expect, test } from 'vitest';
import { compareRecorded } from '../../support/recorded-transforms.ts';

test.each(await compareRecorded('by-logical-table-router'))(
  'as recorded: $title',
  ({ wanted, found }) => {
    expect(found).toEqual(wanted);
  },
);
