import { expect, test } from 'vitest';
import { StringConverter } from '../../src/converter/string-converter.ts';
import type { ConnectSchema, ConnectValue } from '../../src/model/connect-schema.ts';

async function text(schema: ConnectSchema, value: ConnectValue): Promise<string | undefined> {
  const converter = new StringConverter();
  return converter.fromConnect(await converter.prepare('t', schema), value)?.toString();
}

test('values as Java prints them', async () => {
  const string: ConnectSchema = { type: 'string', optional: true };
  const double: ConnectSchema = { type: 'float64', optional: true };
  const struct: ConnectSchema = {
    type: 'struct',
    optional: false,
    fields: [
      { name: 'a', schema: double },
      { name: 'b', schema: string },
      { name: 'c', schema: { type: 'array', optional: true, valueSchema: double } },
      {
        name: 'd',
        schema: { type: 'map', optional: true, keySchema: string, valueSchema: string },
      },
    ],
  };
  expect(await text(string, 'plain "text"')).toBe('plain "text"');
  expect(await text({ type: 'int64', optional: false }, 9007199254740993n)).toBe(
    '9007199254740993',
  );
  expect(await text({ type: 'bytes', optional: false }, { unscaled: 1230n, scale: 2 })).toBe(
    '12.30',
  );
  const map = new Map([['k', 'v']]);
  expect(await text(struct, { schema: struct, values: [1, null, [2, null], map] })).toBe(
    'Struct{a=1.0,c=[2.0, null],d={k=v}}',
  );
});

test('text cannot become rows', () => {
  expect(() => new StringConverter().toConnect('t', Buffer.from('x'))).toThrow(
    expect.objectContaining({ code: 'RECORD_FORMAT' }),
  );
  expect(new StringConverter().toConnect('t', null)).toBeNull();
});
