import { expect, test } from 'vitest';
import { headerBytes, headerText } from '../../src/converter/simple-header.ts';
import type { ConnectSchema, ConnectValue } from '../../src/model/connect-schema.ts';

function key(fields: readonly (readonly [string, ConnectSchema['type'], ConnectValue])[]) {
  const schema: ConnectSchema = {
    type: 'struct',
    optional: false,
    fields: fields.map(([name, type]) => ({ name, schema: { type, optional: true } })),
  };
  return { schema, values: fields.map(([, , value]) => value) };
}

test('a string stands as it is', () => {
  expect(headerText('["a","b"]')).toBe('["a","b"]');
});

test('a struct is written as Connect does it', () => {
  const struct = key([
    ['b', 'string', 'say "hi" \\'],
    ['a', 'int32', 4],
    ['c', 'int64', 1577836800123n],
    ['d', 'float64', 1],
    ['e', 'float32', Math.fround(0.1)],
    ['f', 'boolean', true],
    ['g', 'bytes', Buffer.from([1, 2])],
    ['h', 'bytes', { unscaled: 1230n, scale: 2 }],
    ['i', 'string', null],
  ]);
  expect(headerText(struct)).toBe(
    '{"b":"say \\"hi\\" \\\\","a":4,"c":1577836800123,"d":1.0,"e":0.1,"f":true,"g":"AQI=",' +
      '"h":12.30,"i":null}',
  );
});

test.each([
  ['Timestamp', 1577836800123n, '2020-01-01T00:00:00.123Z'],
  ['Timestamp', 1577836800000n, '2020-01-01'],
  ['Date', 18262, '2020-01-01'],
  ['Time', 3723004, '01:02:03.004Z'],
  ['Timestamp', -1n, '23:59:59.999Z'],
])('Connect’s %s %s is a date: %s', (name, value, text) => {
  const schema: ConnectSchema = {
    type: typeof value === 'bigint' ? 'int64' : 'int32',
    optional: false,
    name: `org.apache.kafka.connect.data.${name}`,
  };
  const struct = {
    schema: { type: 'struct', optional: false, fields: [{ name: 't', schema }] } as const,
    values: [value],
  };
  expect(headerText(struct)).toBe(`{"t":${text}}`);
});

test('a header of any type; null has no bytes', () => {
  const number: ConnectSchema = { type: 'int64', optional: true };
  expect(headerBytes({ schema: number, value: 5n })?.toString()).toBe('5');
  expect(headerBytes({ schema: null, value: 'x' })?.toString()).toBe('x');
  expect(headerBytes({ schema: number, value: null })).toBeNull();
});
