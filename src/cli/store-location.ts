import path from 'node:path';
import { loadPipelineFile } from '../config/pipeline-file.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { CliContext } from './cli-context.ts';

/** How commands that read a store are told where it is. */
export interface StoreLocation {
  /** --path */
  readonly path?: string | undefined;
  /** --file */
  readonly file?: string | undefined;
}

/** The folder of the store, from either option. Throws USAGE when there is none. */
export function storePathOf(location: StoreLocation, context: CliContext): string {
  if (location.path !== undefined) return path.resolve(location.path);
  if (location.file !== undefined) {
    return loadPipelineFile(location.file, context.environment).storePath;
  }
  throw new TidemarkError('USAGE', 'name the store: --file <pipeline file> or --path <folder>');
}
