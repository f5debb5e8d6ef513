import { expect, test } from 'vitest';
import { conversionError, inColumn } from '../../dialects/value-conversion.ts';
import type { ColumnSchema } from '../../src/model/table-schema.ts';

const TABLE = { catalog: 'def', schema: 'shop', table: 'orders' };
const COLUMN: ColumnSchema = {
  name: 'total',
  schema: { type: 'int32', optional: false },
  format: { kind: 'integer' },
  tupleIndex: 0,
  sourceType: 'int',
  identity: false,
};

test('an error of a value gets its place, and keeps its cure and its cause', () => {
  const error = conversionError('the text is not a whole number', 'Leave the column out.');
  expect(inColumn(TABLE, COLUMN, error)).toMatchObject({
    code: 'VALUE_CONVERSION',
    message: 'shop.orders.total (int): the text is not a whole number',
    cure: 'Leave the column out.',
    cause: error,
  });
});

test('what is no error of ours gets it too, and what was thrown without words has some', () => {
  const cure = inColumn(TABLE, COLUMN, conversionError('not whole')).cure;
  expect(inColumn(TABLE, COLUMN, new Error('too long'))).toMatchObject({
    message: 'shop.orders.total (int): too long',
    cure,
  });
  expect(inColumn(TABLE, COLUMN, 'text').message).toMatch(/the value cannot be represented$/);
});
