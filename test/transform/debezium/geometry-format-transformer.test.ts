import { expect, test } from 'vitest';
import { compareRecorded } from '../../support/recorded-transforms.ts';

test.each(await compareRecorded('geometry-format-transformer'))(
  'as recorded: $title',
  ({ wanted, found }) => {
    expect(found).toEqual(wanted);
  },
);
