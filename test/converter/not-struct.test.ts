import { expect, test } from 'vitest';
import { AvroConverter } from '../../src/converter/avro-converter.ts';
import { JsonConverter } from '../../src/converter/json-converter.ts';
import { notStruct } from '../../src/converter/not-struct.ts';
import { StringConverter } from '../../src/converter/string-converter.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';

const LINE: ConnectSchema = { type: 'string', optional: false };

const registry = {
  register: () => Promise.resolve(1),
  schemaById: () => Promise.resolve('"string"'),
};

test('a line comes back as what it was, but not as a row', async () => {
  expect(notStruct('t').cure).toContain('HoistField');
  const converters = [new JsonConverter(), new AvroConverter(registry, { isKey: false })];
  for (const converter of converters) {
    const bytes = converter.fromConnect(await converter.prepare('t', LINE), 'a "line"');
    // The second time the schema is known.
    for (let time = 0; time < 2; time++) {
      expect(await converter.toData('t', bytes)).toMatchObject({
        schema: { type: 'string' },
        value: 'a "line"',
      });
    }
    const read = async () => converter.toConnect('t', bytes);
    await expect(read()).rejects.toMatchObject({ code: 'RECORD_FORMAT' });
    expect(await converter.toData('t', null)).toEqual({ schema: null, value: null });
  }
  expect(new StringConverter().toData('t', Buffer.from('x')).value).toBe('x');
});
