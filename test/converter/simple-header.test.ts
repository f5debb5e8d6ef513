import { expect, test } from 'vitest';
import { headerText } from '../../src/converter/simple-header.ts';
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
