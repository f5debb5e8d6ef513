import { expect, test } from 'vitest';
import { must } from '../../../src/foundation/assert.ts';
import { compareRecorded } from '../../support/recorded-transforms.ts';

/** The delete before it has the other name, so a sink would look for a column that is not there. */
const NOT_LEFT_ALONE = [
  'tombstone: column.naming.prefix:p_,column.naming.suffix:_s',
  'tombstone: column.naming.style:camel_case,column.naming.prefix:c_',
  'tombstone: column.naming.style:upper_case',
  'tombstone: column.naming.style:UPPER_CASE',
];

const recorded = await compareRecorded('field-name-transformation', NOT_LEFT_ALONE);

test.each(recorded)('as recorded: $title', ({ wanted, found }) => {
  expect(found).toEqual(wanted);
});

const all = await compareRecorded('field-name-transformation');

test.each(['prefix:p_', 'camel_case', 'upper_case'])(
  'a tombstone has the key of the delete before it: %s',
  (settings) => {
    const foundFor = (sample: string): unknown => {
      const one = all.find(
        ({ title }) => title.startsWith(`${sample}: `) && title.includes(settings),
      );
      return must(one, sample).found;
    };
    const { key } = foundFor('delete') as { readonly key: unknown };
    expect(key).toMatchObject({ payload: expect.anything() as unknown });
    expect(foundFor('tombstone')).toMatchObject({ key });
  },
);
