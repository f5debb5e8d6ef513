import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { TidemarkError } from '../foundation/errors.ts';

/**
 * Imports a module that a pipeline file names: a path relative to the file, TypeScript (types are
 * stripped, not checked) or JavaScript, or a package that is installed there. It runs with all
 * rights of the daemon, like the file that names it. Throws CONFIG_INVALID when it is not there or
 * cannot be loaded.
 */
export async function importUserModule(
  property: string,
  file: string,
  folder: string,
): Promise<Readonly<Record<string, unknown>>> {
  const absolute = moduleFile(file, folder);
  if (!existsSync(absolute)) {
    throw new TidemarkError('CONFIG_INVALID', `${property}: there is no file ${absolute}`, {
      cure: 'The path starts in the folder of the pipeline file.',
    });
  }
  try {
    return (await import(pathToFileURL(absolute).href)) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    throw new TidemarkError('CONFIG_INVALID', `${property}: ${file} cannot be loaded: ${reason}`, {
      cause,
      cure: `node ${absolute} shows where. TypeScript has to do without enum and namespace.`,
    });
  }
}

/** The file of a module. What no package has is taken for a file that is not there. */
export function moduleFile(module: string, folder: string): string {
  const file = path.resolve(folder, module);
  if (/^\.{0,2}[/\\]/.test(module) || existsSync(file)) return file;
  try {
    return createRequire(path.join(folder, 'pipeline.yaml')).resolve(module);
  } catch {
    return file;
  }
}

/** The function under this name, or the default export. Throws CONFIG_INVALID without one. */
export function userFunction(
  property: string,
  file: string,
  module: Readonly<Record<string, unknown>>,
  name: string,
): (...values: readonly unknown[]) => unknown {
  const found = module[name] ?? module['default'];
  if (typeof found === 'function') return found as (...values: readonly unknown[]) => unknown;
  throw new TidemarkError('CONFIG_INVALID', `${property}: ${file} exports no function ${name}`, {
    cure: `Write export function ${name}(…) { … }, or a default export.`,
  });
}
