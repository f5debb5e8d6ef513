import { expect, test } from 'vitest';
import type { ConnectSchema, ConnectValue } from '../../src/model/connect-schema.ts';
import { javaText } from '../../src/model/java-text.ts';

const logical = (name: string, type: 'int32' | 'int64'): ConnectSchema => ({
  type,
  optional: true,
  name: `org.apache.kafka.connect.data.${name}`,
});
const string: ConnectSchema = { type: 'string', optional: true };

test.each<[string, ConnectSchema | null, ConnectValue]>([
  ['null', string, null],
  ['plain "text"', string, 'plain "text"'],
  ['9007199254740993', { type: 'int64', optional: false }, 9007199254740993n],
  ['1.0', { type: 'float64', optional: false }, 1],
  ['0.1', { type: 'float32', optional: false }, Math.fround(0.1)],
  ['12.30', { type: 'bytes', optional: false }, { unscaled: 1230n, scale: 2 }],
  ['1.2E-9', { type: 'bytes', optional: false }, { unscaled: 12n, scale: 10 }],
  ['true', null, true],
  ['[a, null]', { type: 'array', optional: true, valueSchema: string }, ['a', null]],
  [
    '{k=v, l=w}',
    null,
    new Map([
      ['k', 'v'],
      ['l', 'w'],
    ]),
  ],
  ['Thu Jan 01 00:00:00 UTC 1970', logical('Timestamp', 'int64'), 0n],
  ['Sun Nov 22 14:05:09 UTC 2026', logical('Timestamp', 'int64'), 1795356309123n],
  ['Thu Jan 01 10:00:01 UTC 1970', logical('Time', 'int32'), 36_001_000],
  ['Fri Jan 02 00:00:00 UTC 1970', logical('Date', 'int32'), 1],
  ['Fri Oct 15 00:00:00 UTC 1582', logical('Date', 'int32'), -141_427],
  ['Thu Oct 04 00:00:00 UTC 1582', logical('Date', 'int32'), -141_428],
])('%s', (text, schema, value) => {
  expect(javaText(schema, value)).toBe(text);
});

test('bytes, of which Java has only an address', () => {
  const list = { type: 'array', optional: false } as const;
  expect(javaText(list, [Buffer.from('é')])).toBe('[é]');
  expect(javaText(list, [Buffer.from([0xff, 0])], 'base64')).toBe('[/wA=]');
});

test('a struct leaves its null fields out, inside others too', () => {
  const inner: ConnectSchema = {
    type: 'struct',
    optional: true,
    fields: [
      { name: 'id', schema: { type: 'int32', optional: false } },
      { name: 'note', schema: string },
    ],
  };
  const outer: ConnectSchema = {
    type: 'struct',
    optional: false,
    fields: [
      { name: 'before', schema: inner },
      { name: 'after', schema: inner },
      { name: 'op', schema: string },
    ],
  };
  const after = { schema: inner, values: [1, null] };
  expect(javaText(outer, { schema: outer, values: [null, after, 'c'] })).toBe(
    'Struct{after=Struct{id=1},op=c}',
  );
});
