import { expect, test } from 'vitest';
import { TidemarkError } from '../../../src/foundation/errors.ts';
import { errnoOf, notAFile, toFileError } from '../../../src/sink/file/file-errors.ts';

const failure = (code: string): Error => Object.assign(new Error(`${code}: failed`), { code });

test.each([
  ['ENOSPC', 'SINK_FILE_FULL', 'Free disk space'],
  ['EDQUOT', 'SINK_FILE_FULL', 'Free disk space'],
  ['EFBIG', 'SINK_FILE_FULL', 'rotate'],
  ['ENOENT', 'SINK_FILE', 'mkdir -p /logs'],
  ['EACCES', 'SINK_FILE', "Let the daemon's user"],
  ['EROFS', 'SINK_FILE', "Let the daemon's user"],
  ['EISDIR', 'SINK_FILE', 'Name a file'],
  ['EIO', 'SINK_FILE', 'Check the path'],
])('%s is %s, and may pass', (errno, code, cure) => {
  const thrown = failure(errno);
  const error = toFileError(thrown, '/logs/a.jsonl');
  expect(error).toMatchObject({ code, retry: 'backoff' });
  expect(error.cure).toContain(cure);
  expect(error.message).toContain('/logs/a.jsonl');
  if (errno !== 'EISDIR') expect(error.cause).toBe(thrown);
});

test('the file that was refused is named: it may be that of the offsets', () => {
  const thrown = Object.assign(failure('EACCES'), { path: '/logs/.a.jsonl.tidemark.new' });
  expect(toFileError(thrown, '/logs/a.jsonl').message).toBe(
    '/logs/.a.jsonl.tidemark.new may not be written (EACCES)',
  );
});

test('errors of our own stay what they are', () => {
  const own = new TidemarkError('SINK_FENCED', 'x');
  expect(toFileError(own, '/a')).toBe(own);
  expect(notAFile('/dev/null')).toMatchObject({ code: 'SINK_FILE' });
  expect([errnoOf(failure('EIO')), errnoOf(own), errnoOf('x')]).toEqual(['EIO', 'SINK_FENCED', '']);
});
