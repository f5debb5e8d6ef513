import { expect, test } from 'vitest';
import { DECIMAL } from '../../../src/model/connect-schema.ts';
import type { ConnectSchema } from '../../../src/model/connect-schema.ts';
import { MaskField } from '../../../src/transform/connect/mask-field.ts';
import { compareRecorded } from '../../support/recorded-transforms.ts';
import { ownOptions, plain, tombstone } from '../../support/transform-records.ts';

const TYPE = 'org.apache.kafka.connect.transforms.MaskField$Value';

// The original masks a decimal by a zero without its scale, which no converter takes.
const DIFFERING = ['flat: fields:id,name,price,big,ok,f,d,tags,cts'];

test.each(await compareRecorded('mask-field', DIFFERING))(
  'as recorded: $title',
  ({ wanted, found }) => {
    expect(found).toEqual(wanted);
  },
);

test('a decimal is masked in its own scale', () => {
  const price: ConnectSchema = {
    type: 'bytes',
    optional: true,
    name: DECIMAL,
    parameters: { scale: '2' },
  };
  const schema = {
    type: 'struct',
    optional: false,
    fields: [{ name: 'price', schema: price }],
  } as const;
  const value = { schema, value: { schema, values: [{ unscaled: 1234n, scale: 2 }] } };
  const masked = (given: Record<string, string>): unknown => {
    const options = ownOptions(TYPE, { fields: 'price', ...given });
    return plain(new MaskField(options, 'value').apply({ ...tombstone(), value }));
  };
  expect(masked({})).toEqual({ price: { unscaled: 0n, scale: 2 } });
  expect(masked({ replacement: '9.5' })).toEqual({ price: { unscaled: 950n, scale: 2 } });
});
