import { describe, expect, test } from 'vitest';
import { ERROR_TABLE, type ErrorCode } from '../../src/foundation/error-table.ts';

const CODES = Object.keys(ERROR_TABLE) as ErrorCode[];

describe('the error table', () => {
  test.each(CODES)('%s says what is wrong and what to do, in sentences', (code) => {
    const { meaning, cure, httpStatus } = ERROR_TABLE[code];
    expect(meaning).toMatch(/^[A-Z].*\.$/s);
    expect(cure).toMatch(/[.;:`)]$/);
    expect(httpStatus).toBeGreaterThanOrEqual(400);
  });

  test('a wrong configuration is never tried again', () => {
    const wrong = CODES.filter((code) => ERROR_TABLE[code].exitCode === 2);
    expect(wrong).toContain('CONFIG_INVALID');
    expect(wrong.filter((code) => ERROR_TABLE[code].retry !== 'stop')).toEqual([]);
  });
});
