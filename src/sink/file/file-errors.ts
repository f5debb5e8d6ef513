import path from 'node:path';
import { TidemarkError } from '../../foundation/errors.ts';

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const FORBIDDEN = new Set(['EACCES', 'EPERM', 'EROFS']);

/** What the system said about a file, as one of our errors. */
export function toFileError(thrown: unknown, file: string): TidemarkError {
  if (thrown instanceof TidemarkError) return thrown;
  const { code = '', message, path: refused = file } = thrown as NodeJS.ErrnoException;
  const folder = path.dirname(file);
  const details = (cure: string): { cure: string; cause: unknown } => ({ cure, cause: thrown });
  if (FULL.has(code)) {
    return new TidemarkError('SINK_FILE_FULL', `${file}: no room for more lines (${code})`, {
      cause: thrown,
    });
  }
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const text = `${file}: there is no folder ${folder}`;
    return new TidemarkError('SINK_FILE', text, details(`mkdir -p ${folder}`));
  }
  if (FORBIDDEN.has(code)) {
    return new TidemarkError(
      'SINK_FILE',
      `${refused} may not be written (${code})`,
      details(`Let the daemon's user read and write the file, and make files in ${folder}.`),
    );
  }
  if (code === 'EISDIR') return notAFile(file);
  return new TidemarkError('SINK_FILE', `${file}: ${message}`, { cause: thrown });
}

/** Folders, pipes and devices have no end that a crash could be cut back to. */
export function notAFile(file: string): TidemarkError {
  return new TidemarkError('SINK_FILE', `${file} is no regular file`, {
    cure: 'Name a file; without the property file the lines go to standard output.',
  });
}

/** The errno of what was thrown; empty: it has none. */
export function errnoOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
}
