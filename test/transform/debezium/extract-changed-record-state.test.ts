import { expect, test } from 'vitest';
import { compareRecorded } from '../../support/recorded-transforms.ts';

test.each(await compareRecorded('extract-changed-record-state'))(
  'as recorded: $title',
  ({ wanted, found }) => {
    expect(found).toEqual(wanted);
  },
);
