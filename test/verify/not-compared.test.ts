import { expect, test } from 'vitest';
import { notCompared } from '../../src/verify/not-compared.ts';

test('says what, and how the others are compared', () => {
  const { code, message, cure } = notCompared('a data stream');
  expect([code, message]).toEqual(['CONFIG_UNSUPPORTED', 'verify does not compare a data stream']);
  expect(cure).toContain('--table');
});
