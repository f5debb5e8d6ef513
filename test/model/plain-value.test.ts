import { expect, test } from 'vitest';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import { plainValue } from '../../src/model/plain-value.ts';

test('values as JSON can show them', () => {
  const schema: ConnectSchema = {
    type: 'struct',
    optional: false,
    fields: [
      { name: 'small', schema: { type: 'int64', optional: false } },
      { name: 'large', schema: { type: 'int64', optional: false } },
      { name: 'bytes', schema: { type: 'bytes', optional: false } },
      { name: 'price', schema: { type: 'bytes', optional: false } },
      { name: 'list', schema: { type: 'array', optional: true } },
      { name: 'gone', schema: { type: 'string', optional: true } },
    ],
  };
  const values = [
    5n,
    9_007_199_254_740_993n,
    Buffer.from('hi'),
    { unscaled: -1230n, scale: 2 },
    ['a', null, true],
    null,
  ];
  expect(plainValue({ schema, values })).toEqual({
    small: 5,
    large: '9007199254740993',
    bytes: 'aGk=',
    price: '-12.30',
    list: ['a', null, true],
    gone: null,
  });
  expect(plainValue(new Map([['k', 1n]]))).toEqual({ k: 1 });
});
