import { expect, test } from 'vitest';
import { compareRecorded } from '../../support/recorded-transforms.ts';

test.each(await compareRecorded('decode-logical-decoding-message-content'))(
  'as recorded: $title',
  ({ wanted, found }) => {
    expect(found).toEqual(wanted);
  },
);
