import { TidemarkError } from '../../foundation/errors.ts';

/** What the system said about a file that is read, as one of our errors. */
export function fileSourceError(thrown: unknown, file: string): TidemarkError {
  if (thrown instanceof TidemarkError) return thrown;
  const { code = '', message } = thrown as NodeJS.ErrnoException;
  const isForbidden = code === 'EACCES' || code === 'EPERM';
  const text = isForbidden ? `${file} may not be read (${code})` : `${file}: ${message}`;
  return new TidemarkError('SOURCE_FILE', text, {
    cause: thrown,
    ...(isForbidden ? { cure: `Let the daemon's user read it: chmod +r ${file}.` } : {}),
  });
}
