import { expect, test } from 'vitest';
import { compareRecorded } from '../../support/recorded-transforms.ts';

test.each(await compareRecorded('read-to-insert-event'))(
  'as recorded: $title',
  ({ wanted, found }) => {
    expect(found).toEqual(wanted);
  },
);
