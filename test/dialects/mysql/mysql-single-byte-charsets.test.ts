import { expect, test } from 'vitest';
import {
  LOW_BYTES,
  SINGLE_BYTE_CHARSETS,
} from '../../../dialects/mysql/mysql-single-byte-charsets.ts';

test.each(Object.entries(SINGLE_BYTE_CHARSETS))('%s has its upper half', (_name, letters) => {
  expect([96, 128]).toContain(letters.length);
  // One unit of UTF-16 each, and no half of a pair.
  expect([...letters]).toHaveLength(letters.length);
});

test('lower halves that differ are pairs of byte and character', () => {
  for (const pairs of Object.values(LOW_BYTES)) expect(pairs.length % 2).toBe(0);
});
