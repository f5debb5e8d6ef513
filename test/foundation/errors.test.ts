import { describe, expect, test } from 'vitest';
import { ERROR_TABLE } from '../../src/foundation/error-table.ts';
import { TidemarkError, TidemarkErrors, toTidemarkError } from '../../src/foundation/errors.ts';

describe('an error', () => {
  test('takes policy and cure from the table, unless a better cure is known', () => {
    const error = new TidemarkError('PG_CONNECT', 'connection refused');
    expect(error).toMatchObject({ retry: 'backoff', exitCode: 3, httpStatus: 503 });
    expect(error.cure).toBe(ERROR_TABLE.PG_CONNECT.cure);
    const exact = new TidemarkError('PG_CONNECT', 'refused', { cure: 'Start it.' });
    expect(exact.toJSON()).toEqual({ code: 'PG_CONNECT', message: 'refused', cure: 'Start it.' });
  });

  test('wraps what was thrown and keeps it as the cause', () => {
    const known = new TidemarkError('DECODE', 'short');
    expect(toTidemarkError(known)).toBe(known);
    const thrown = new RangeError('too far');
    const wrapped = toTidemarkError(thrown);
    expect(wrapped).toMatchObject({ code: 'INTERNAL', message: 'too far', cause: thrown });
    expect(toTidemarkError('a word', 'STORE_IO')).toMatchObject({
      code: 'STORE_IO',
      message: 'a word',
    });
  });

  test('several are shown line by line', () => {
    const errors = ['one', 'two'].map((text) => new TidemarkError('CONFIG_INVALID', text));
    expect(new TidemarkErrors(errors).message).toBe('one\ntwo');
  });
});
