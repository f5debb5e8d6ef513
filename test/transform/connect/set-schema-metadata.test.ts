import { expect, test } from 'vitest';
import { compareRecorded } from '../../support/recorded-transforms.ts';

// The original takes every schema for one of a struct.
const DIFFERING = ['text: schema.name:new.Name,schema.version:7'];

test.each(await compareRecorded('set-schema-metadata', DIFFERING))(
  'as recorded: $title',
  ({ wanted, found }) => {
    expect(found).toEqual(wanted);
  },
);
