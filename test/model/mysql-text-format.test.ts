import { expect, test } from 'vitest';
import { textEncoding } from '../../src/model/mysql-text-format.ts';
import type { TextFormat } from '../../src/model/table-schema.ts';

test('the text of a raw format is its bytes', () => {
  const raw: TextFormat = { kind: 'raw-bytes', encoding: 'bytes' };
  expect(textEncoding(raw)).toBe('latin1');
  expect(textEncoding({ kind: 'string' })).toBe('utf8');
});
