import { expect, test } from 'vitest';
import { MULTI_BYTE_CHARSETS } from '../../../dialects/mysql/mysql-multi-byte-charsets.ts';

const RANGE = /^[0-9a-f]{2}-[0-9a-f]{2}(?: [0-9a-f]{2}-[0-9a-f]{2})*$/;
const HOLES = /^(?:[0-9a-f]{4,6}-[0-9a-f]{4,6}(?: [0-9a-f]{4,6}-[0-9a-f]{4,6})*)?$/;

test.each(Object.entries(MULTI_BYTE_CHARSETS))('%s is told in ranges', (_name, charset) => {
  expect(() => new TextDecoder(charset.label)).not.toThrow();
  expect(charset.leads).toMatch(RANGE);
  expect(charset.trails).toMatch(RANGE);
  expect(charset.holes).toMatch(HOLES);
  for (const code of Object.keys(charset.patches)) expect(code).toMatch(/^[0-9a-f]{4}(?:..)?$/);
});
