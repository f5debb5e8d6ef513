import { expect, test } from 'vitest';
import {
  envelopeOf,
  fieldSchema,
  fieldValue,
  structIn,
} from '../../src/transform/record-transform.ts';
import { changeRecord, ROW, tombstone } from '../support/transform-records.ts';

test('an envelope is known by the name of its schema', () => {
  const record = changeRecord('c', null, [1, 'a', null]);
  const envelope = envelopeOf(record);
  expect(envelope).toBe(record.value.value);
  expect(envelopeOf(tombstone())).toBeUndefined();
  expect(envelopeOf({ ...record, value: { schema: ROW, value: null } })).toBeUndefined();
});

test('fields by name, none where there is none', () => {
  const row = { schema: ROW, values: [1, 'a', null] };
  expect(fieldValue(row, 'v')).toBe('a');
  expect(fieldValue(row, 'x')).toBeNull();
  expect(fieldSchema(ROW, 'id')).toEqual({ type: 'int32', optional: false });
  expect(fieldSchema(ROW, 'x')).toBeUndefined();
  expect(structIn(row, 'v')).toBeNull();
});
