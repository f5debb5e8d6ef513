import { expect, test } from 'vitest';
import { ExtractSchemaToNewRecord } from '../../../src/transform/debezium/extract-schema-to-new-record.ts';
import { compareRecorded } from '../../support/recorded-transforms.ts';
import { changeRecord } from '../../support/transform-records.ts';

test.each(await compareRecorded('extract-schema-to-new-record'))(
  'as recorded: $title',
  ({ wanted, found }) => {
    expect(found).toEqual(wanted);
  },
);

test('without the types in the schema it says which property puts them there', () => {
  const transform = new ExtractSchemaToNewRecord();
  expect(() => transform.apply(changeRecord('c', null, [1, 'a', null]))).toThrow(
    expect.objectContaining({
      code: 'TRANSFORM',
      message: 'ExtractSchemaToNewRecord: the schema of id does not tell its type',
      cure: expect.stringContaining('column.propagate.source.type') as string,
    }),
  );
});
