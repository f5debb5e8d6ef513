import { expect, test } from 'vitest';
import { DecodeError } from '../../../../src/foundation/byte-reader.ts';
import { collationText } from '../../../../src/source/mysql/binlog/collation-text.ts';
import { hexBytes } from '../../../support/binlog-events.ts';

test.each([
  ['latin1', 8, 'e9'],
  ['utf8mb4', 45, 'c3a9'],
  ['not told', null, 'c3a9'],
])('é of %s', (_what, collation, hex) => {
  expect(collationText(hexBytes(hex), collation)).toBe('é');
});

test('an unknown collation is of a newer server: UTF-8, if it can be', () => {
  expect(collationText(hexBytes('c3a9'), 65_000)).toBe('é');
  expect(() => collationText(hexBytes('e9'), 65_000)).toThrow(DecodeError);
});
