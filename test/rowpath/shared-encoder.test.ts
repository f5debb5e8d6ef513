import { expect, test } from 'vitest';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import type { TextFormat } from '../../src/model/table-schema.ts';
import { sharedEncoder } from '../../src/rowpath/shared-encoder.ts';
import type { TextEncoder } from '../../src/rowpath/text-encoder.ts';

const INTEGER: TextFormat = { kind: 'integer' };
const INT64: ConnectSchema = { type: 'int64', optional: false };

const shared = (format: TextFormat, schema: ConnectSchema, variant = 'json'): TextEncoder =>
  sharedEncoder(format, schema, variant, () => () => undefined);

test('columns of one type share an encoder', () => {
  expect(shared({ ...INTEGER }, { ...INT64 })).toBe(shared({ ...INTEGER }, { ...INT64 }));
});

test.each<[string, TextFormat, ConnectSchema, string]>([
  ['schema', INTEGER, { ...INT64, optional: true }, 'json'],
  ['default', INTEGER, { ...INT64, default: 1n }, 'json'],
  ['format', { kind: 'string' }, INT64, 'json'],
  ['wire', INTEGER, INT64, 'avro'],
])('another %s is another encoder', (_what, format, schema, variant) => {
  expect(shared(format, schema, variant)).not.toBe(shared(INTEGER, INT64));
});

test.each([
  [1n, 2n],
  [1n, '1'],
  [Buffer.from('a'), Buffer.from('b')],
  [Number.NaN, Number.POSITIVE_INFINITY],
  [0, -0],
  [new Map([['a', '1']]), new Map([['a', '2']])],
])('the defaults %o and %o are told apart', (one, other) => {
  const of = (value: NonNullable<ConnectSchema['default']>): TextEncoder =>
    shared(INTEGER, { ...INT64, default: value });
  expect(of(one)).not.toBe(of(other));
  expect(of(one)).toBe(of(one));
});

test("what a converter's function writes is never shared", () => {
  const custom: TextFormat = { kind: 'custom', convert: () => null };
  expect(shared(custom, INT64)).not.toBe(shared(custom, INT64));
});
