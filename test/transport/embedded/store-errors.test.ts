import { expect, test } from 'vitest';
import { TidemarkError } from '../../../src/foundation/errors.ts';
import { commitError, openError, readError } from '../../../src/transport/embedded/store-errors.ts';

test('a failed commit keeps its cause and says what to do', () => {
  const cause = new Error('No space left on device: Attempting to write page');
  const error = commitError(cause, '/store');
  expect(error).toMatchObject({ code: 'STORE_IO', cause });
  expect(error.message).toBe(`the store /store failed to write: ${cause.message}`);
  expect(error.cure).toContain('restart the daemon');
});

test('errors of our own pass through', () => {
  const error = new TidemarkError('RECORD_TOO_LARGE', 'too large');
  expect(commitError(error, '/store')).toBe(error);
  expect(readError(error, '/store')).toBe(error);
  expect(openError(error, '/store')).toBe(error);
});

test('opening and reading have their codes', () => {
  expect(readError('odd', '/store')).toMatchObject({ code: 'STORE_IO' });
  expect(openError(new Error('EACCES'), '/store')).toMatchObject({ code: 'STORE_OPEN' });
  expect(openError(new Error('MDB_VERSION_MISMATCH: x'), '/s')).toMatchObject({
    code: 'STORE_VERSION',
  });
});
