import { expect, test } from 'vitest';
import { sourceProblems } from '../support/examined-source.ts';

test.each([
  [{ 'slot.name': 'My-Slot' }, 'slot.name may have only lower-case letters'],
  [{ 'topic.prefix': 'a b' }, 'topic.prefix may have only letters'],
  [{ 'slot.stream.params': 'origin' }, 'must have the form name=value'],
  [{ 'slot.stream.params': 'origin=any;Binary=true' }, 'columns are read as text'],
  [{ 'driver.sslmode': 'verify-full' }, 'use database.sslmode'],
  [{ 'driver.ssl': 'true' }, 'use database.sslmode'],
  [{ 'driver.targetServerType': 'primary' }, 'use database.target.session.attrs'],
  [{ 'slot.stream.params': 'publication_names=other' }, 'use publication.name'],
  [{ 'slot.stream.params': 'streaming=parallel' }, 'use large.transaction.mode'],
  [{ 'schema.include.list': 'a', 'schema.exclude.list': 'b' }, 'exclude each other'],
  [{ 'column.mask.with.ten.chars': 'a' }, 'ten is not a number of characters'],
  [{ transforms: 'unwrap' }, 'transforms.unwrap.type is required'],
])('%j', (input, message) => {
  expect(sourceProblems(input)).toEqual([expect.stringContaining(message)]);
});

test('what switches an unsupported feature off is fine', () => {
  expect(sourceProblems({ 'provide.transaction.metadata': 'false', transforms: '' })).toEqual([]);
});
