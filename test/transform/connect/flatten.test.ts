import { expect, test } from 'vitest';
import type { ConnectSchema } from '../../../src/model/connect-schema.ts';
import { Flatten } from '../../../src/transform/connect/flatten.ts';
import { compareRecorded } from '../../support/recorded-transforms.ts';
import { changeRecord, ownOptions, plain } from '../../support/transform-records.ts';

// The original refuses maps.
const DIFFERING = ['map: '];

test.each(await compareRecorded('flatten', DIFFERING))(
  'as recorded: $title',
  ({ wanted, found }) => {
    expect(found).toEqual(wanted);
  },
);

test('a map stays whole', () => {
  const text: ConnectSchema = { type: 'string', optional: true };
  const map: ConnectSchema = { type: 'map', optional: true, keySchema: text, valueSchema: text };
  const table: ConnectSchema = {
    type: 'struct',
    optional: true,
    fields: [{ name: 'm', schema: map }],
  };
  const value = new Map([['k', 'v']]);
  const flatten = new Flatten(ownOptions('Flatten$Value', { delimiter: '_' }), 'value');
  const made = plain(flatten.apply(changeRecord('c', null, [value], table)));
  expect([made?.['after_m'], made?.['before_m']]).toEqual([value, null]);
});
