import { expect, test } from 'vitest';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import { areOrderedAlike } from '../../src/verify/key-order.ts';

function keyOf(schema: ConnectSchema): ConnectSchema {
  return { type: 'struct', optional: false, fields: [{ name: 'id', schema }] };
}

test.each<[string, ConnectSchema, boolean]>([
  ['int64', { type: 'int64', optional: false }, true],
  ['date', { type: 'int32', optional: false, name: 'io.debezium.time.Date' }, true],
  [
    'decimal',
    { type: 'bytes', optional: false, name: 'org.apache.kafka.connect.data.Decimal' },
    true,
  ],
  ['text', { type: 'string', optional: false }, false],
  ['uuid', { type: 'string', optional: false, name: 'io.debezium.data.Uuid' }, false],
  ['bytes', { type: 'bytes', optional: false }, false],
  ['year', { type: 'int32', optional: false, name: 'io.debezium.time.Year' }, false],
])('%s', (_name, schema, expected) => {
  expect(areOrderedAlike(keyOf(schema), ['id'])).toBe(expected);
  expect(areOrderedAlike(keyOf(schema), ['id', 'gone'])).toBe(false);
});
