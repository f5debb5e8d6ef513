import { expect, test } from 'vitest';
import { behind, invalidValue } from '../../../dialects/mysql/binlog-value-bounds.ts';
import { DecodeError } from '../../../src/foundation/byte-reader.ts';

const bytes = Buffer.from('0102030405', 'hex');

test('a read ends at the end, not behind it', () => {
  expect(behind(bytes, 1, 4, 3)).toBe(4);
  expect(() => behind(bytes, 1, 4, 4)).toThrow(DecodeError);
});

test('an error shows the value, not its neighbours', () => {
  expect(() => invalidValue('no date', bytes, 1, 3)).toThrow(/no date .*: 0203$/);
});
