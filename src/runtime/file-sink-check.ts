import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import path from 'node:path';
import { TidemarkError } from '../foundation/errors.ts';
import type { FileSinkOptions } from '../sink/file/create-file-sink.ts';
import { errnoOf, notAFile, toFileError } from '../sink/file/file-errors.ts';
import { foreignJournal } from '../sink/file/line-file.ts';
import { journalPath, SinkJournal } from '../sink/file/sink-journal.ts';
import type { CheckFindings } from './check-findings.ts';

/** Every prerequisite of a file that can be known without changing anything. */
export async function checkFileSink(
  name: string,
  { file, owner }: FileSinkOptions,
): Promise<CheckFindings> {
  if (file === null) {
    const warning = `sink ${name}: standard output keeps no offsets: a crash may repeat lines`;
    return { problems: [], warnings: [warning] };
  }
  try {
    await access(path.dirname(file), constants.W_OK | constants.X_OK);
    const found = await stat(file).catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return null;
      throw error;
    });
    if (found !== null && !found.isFile()) throw notAFile(file);
    if (found !== null) await access(file, constants.R_OK | constants.W_OK);
    const stored = await SinkJournal.read(journalPath(file));
    if (stored !== null && stored.owner !== owner) throw foreignJournal(file, owner, stored.owner);
    return { problems: [], warnings: [] };
  } catch (thrown) {
    const { code, message, cure, cause } = toFileError(thrown, file);
    const problem = new TidemarkError(code, `sink ${name}: ${message}`, { cure, cause });
    return { problems: [problem], warnings: [] };
  }
}
