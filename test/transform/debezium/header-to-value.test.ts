import { expect, test } from 'vitest';
import { compareRecorded } from '../../support/recorded-transforms.ts';

// The original makes the struct required and then fails where it is null.
const DIFFERING = ['flagdel: headers:note,fields:after.n2,operation:copy'];

test.each(await compareRecorded('header-to-value', DIFFERING))(
  'as recorded: $title',
  ({ wanted, found }) => {
    expect(found).toEqual(wanted);
  },
);
