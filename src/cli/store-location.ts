import path from 'node:path';
import { loadPipelineFile } from '../config/pipeline-file.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { LogPlace } from '../runtime/open-transport.ts';
import type { CliContext } from './cli-context.ts';

/** How commands that read a store are told where it is. */
export interface StoreLocation {
  /** --path */
  readonly path?: string | undefined;
  /** --file */
  readonly file?: string | undefined;
}

/** The log, from either option. Throws USAGE when there is none. */
export function logPlaceOf(location: StoreLocation, context: CliContext): LogPlace {
  if (location.path !== undefined) return { path: path.resolve(location.path) };
  if (location.file !== undefined) {
    return { config: loadPipelineFile(location.file, context.environment) };
  }
  throw new TidemarkError('USAGE', 'name the log: --file <pipeline file> or --path <folder>');
}
