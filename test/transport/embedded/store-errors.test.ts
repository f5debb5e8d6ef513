import { describe, expect, test } from 'vitest';
import { TidemarkError } from '../../../src/foundation/errors.ts';
import { commitError, openError, readError } from '../../../src/transport/embedded/store-errors.ts';

const ROOMY = 1e12;

describe('a failed commit', () => {
  test.each([
    ['No space left on device', ROOMY, 'STORE_FULL'],
    ['File too large', ROOMY, 'STORE_FULL'],
    ['Disk quota exceeded', ROOMY, 'STORE_FULL'],
    // A write that the disk cut short is reported as EIO.
    ['Input/output error', 1000, 'STORE_FULL'],
    ['Input/output error', ROOMY, 'STORE_IO'],
    ['MDB_PANIC: Update of meta page failed', ROOMY, 'STORE_IO'],
  ])('with %j and %d bytes of room is %s', (message, room, code) => {
    const cause = new Error(message);
    expect(commitError(cause, '/store', room)).toMatchObject({ code, cause });
  });
});

test('errors of our own pass through', () => {
  const error = new TidemarkError('RECORD_TOO_LARGE', 'too large');
  expect(commitError(error, '/store', 0)).toBe(error);
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
