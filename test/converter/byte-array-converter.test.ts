import { expect, test } from 'vitest';
import { ByteArrayConverter } from '../../src/converter/byte-array-converter.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';

const converter = new ByteArrayConverter();
const schema: ConnectSchema = { type: 'bytes', optional: true };

test('bytes and nulls pass as they are', async () => {
  const prepared = await converter.prepare('t', schema);
  const bytes = Buffer.from([0, 1, 255]);
  expect(converter.fromConnect(prepared, bytes)).toEqual(bytes);
  expect(converter.fromConnect(prepared, null)).toBeNull();
  expect(converter.toConnect('t', null)).toBeNull();
});

test('anything else is refused, with what to use instead', async () => {
  await expect(converter.prepare('t', { type: 'string', optional: true })).rejects.toThrow(
    expect.objectContaining({
      code: 'SCHEMA_INVALID',
      cure: expect.stringContaining('json') as string,
    }),
  );
  const prepared = await converter.prepare('t', schema);
  expect(() => converter.fromConnect(prepared, 'x')).toThrow(
    expect.objectContaining({ code: 'VALUE_CONVERSION' }),
  );
  expect(() => converter.toConnect('t', Buffer.from('x'))).toThrow(
    expect.objectContaining({ code: 'RECORD_FORMAT' }),
  );
});
