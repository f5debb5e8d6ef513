import { expect, test } from 'vitest';
import { TidemarkError } from '../../../src/foundation/errors.ts';
import { fileSourceError } from '../../../src/source/file/file-source-errors.ts';

test('what the system says of a file names it, and what helps', () => {
  const forbidden = Object.assign(new Error('EACCES: no'), { code: 'EACCES' });
  expect(fileSourceError(forbidden, '/a')).toMatchObject({
    code: 'SOURCE_FILE',
    message: '/a may not be read (EACCES)',
    cure: expect.stringContaining('chmod +r /a') as string,
  });
  expect(fileSourceError(new Error('EIO: bad disk'), '/a').message).toBe('/a: EIO: bad disk');
  const own = new TidemarkError('VALUE_CONVERSION', 'mine');
  expect(fileSourceError(own, '/a')).toBe(own);
});
