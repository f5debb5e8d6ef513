import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';
import { TidemarkError } from '../foundation/errors.ts';
import { fileSourceError } from '../source/file/file-source-errors.ts';
import type { CheckFindings } from './check-findings.ts';
import type { FileSourceOptions } from './file-source-options.ts';

/** Every prerequisite of a file that is read; one that is missing is waited for. */
export async function checkFileSource(options: FileSourceOptions): Promise<CheckFindings> {
  const { name, path: file } = options;
  if (name === null) {
    const what = 'standard input keeps no offsets: a crash loses lines that were read';
    return { problems: [], warnings: [`source: ${what}`] };
  }
  try {
    await access(path.dirname(file), constants.X_OK);
    const found = await stat(file).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    });
    if (found === null) {
      return { problems: [], warnings: [`source: ${file} is not there yet: it is waited for`] };
    }
    if (!found.isFile()) {
      throw new TidemarkError('SOURCE_FILE', `${file} is no regular file`, {
        cure: 'Name a file; without the property file the lines come from standard input.',
      });
    }
    await access(file, constants.R_OK);
    return { problems: [], warnings: [] };
  } catch (thrown) {
    return { problems: [fileSourceError(thrown, file)], warnings: [] };
  }
}
