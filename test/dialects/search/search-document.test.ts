import { expect, test } from 'vitest';
import { documentEncoder } from '../../../dialects/search/search-document.ts';
import type { ConnectSchema } from '../../../src/model/connect-schema.ts';

const row: ConnectSchema = {
  type: 'struct',
  optional: true,
  fields: [
    { name: 'id', schema: { type: 'int64', optional: false } },
    { name: 'na"me', schema: { type: 'string', optional: true } },
    { name: '__proto__', schema: { type: 'boolean', optional: true } },
  ],
};
const encode = documentEncoder(row, { product: 'elasticsearch' });

test('a row is one line of JSON, with its nulls', () => {
  const values = [9007199254740993n, 'a\nb\u2028"', null];
  const text = encode({ schema: row, values }, []);
  expect(text).toBe('{"id":9007199254740993,"na\\"me":"a\\nb\u2028\\"","__proto__":null}');
  expect(text).not.toContain('\n');
});

test('an absent value is not written (S4)', () => {
  expect(encode({ schema: row, values: [1n, 'placeholder', true] }, ['na"me'])).toBe(
    '{"id":1,"__proto__":true}',
  );
  expect(encode({ schema: row, values: [1n, '', true] }, ['id', 'na"me', '__proto__'])).toBe('{}');
});

test('values that are read when they are asked for are not kept for a document', () => {
  const kept = (): never => {
    throw new Error('all of them stay in memory until the put is over');
  };
  const late = {
    schema: row,
    get values(): never {
      return kept();
    },
    once: () => [1n, 'a', false],
  };
  expect(encode(late, [])).toBe('{"id":1,"na\\"me":"a","__proto__":false}');
});

test('an error names the column, and not the value', () => {
  expect(() => encode({ schema: row, values: [1n, 'x', 'secret'] }, [])).toThrow(
    /^__proto__: a value should be a boolean but is string$/,
  );
  const fields = [{ name: '_id', schema: { type: 'int32', optional: true } as const }];
  expect(() => documentEncoder({ ...row, fields }, { product: 'opensearch' })).toThrow(/"_id"/);
});
