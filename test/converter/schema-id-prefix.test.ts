import { expect, test } from 'vitest';
import { PREFIX_BYTES, schemaIdOf, schemaIdPrefix } from '../../src/converter/schema-id-prefix.ts';

test('an id is found again, however large', () => {
  expect(schemaIdPrefix(258).toString('hex')).toBe('0000000102');
  for (const id of [1, 0xffffffff]) {
    const prefix = schemaIdPrefix(id);
    expect(prefix).toHaveLength(PREFIX_BYTES);
    expect(schemaIdOf('t', Buffer.concat([prefix, Buffer.from('{}')]))).toBe(id);
  }
});

test.each([
  ['', 'nothing'],
  ['00000001', '00000001'],
  ['0100000001', '0100000001'],
  ['7b226964223a317d20', '7b226964223a317d'],
])('%s is refused, with what it begins with', (hex, said) => {
  expect(() => schemaIdOf('t', Buffer.from(hex, 'hex'))).toThrow(
    expect.objectContaining({
      code: 'RECORD_FORMAT',
      message: `a record of t does not begin with a schema id (it begins with ${said})`,
    }),
  );
});
