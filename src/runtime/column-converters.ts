import path from 'node:path';
import { columnConverterSettings } from '../config/column-converter-options.ts';
import type { ColumnConverterSetting } from '../config/column-converter-options.ts';
import type { PipelineConfig } from '../config/pipeline-config.ts';
import { importUserModule, moduleFile } from '../config/user-module.ts';
import { TidemarkError, TidemarkErrors } from '../foundation/errors.ts';
import type { ColumnConverter } from '../model/column-converter.ts';
import { ColumnConversions } from '../source/column-conversions.ts';
import type { LoadedColumnConverter } from '../source/column-conversions.ts';
import type { PostgresSourceOptions } from '../source/postgres/postgres-source-options.ts';
import { sourceOptionsOf } from './source-options.ts';

/** The source's options as far as they can be had, and what is wrong with its converters. */
export interface LoadableSourceOptions {
  /** Without those converters that have a problem. */
  readonly options: PostgresSourceOptions;
  readonly problems: readonly TidemarkError[];
}

/**
 * The options of the source with the modules of its custom converters loaded: their code runs in
 * this process, with its rights.
 */
export async function loadableSourceOptions(
  config: PipelineConfig,
): Promise<LoadableSourceOptions> {
  const { columnConversions, problems } = await loadedConversions(config);
  const options = sourceOptionsOf(config.source);
  return {
    options: columnConversions === undefined ? options : { ...options, columnConversions },
    problems,
  };
}

/** What a source of any family asks about its columns. */
export interface LoadedConversions {
  /** Of the converters that have no problem; absent: none are configured. */
  readonly columnConversions?: ColumnConversions;
  readonly problems: readonly TidemarkError[];
}

/** The custom converters of the source with their modules loaded. */
export async function loadedConversions(config: PipelineConfig): Promise<LoadedConversions> {
  const settings = columnConverterSettings(config.source.options);
  if (settings.length === 0) return { problems: [] };
  const folder = path.dirname(path.resolve(config.file));
  const loaded: LoadedColumnConverter[] = [];
  const problems: TidemarkError[] = [];
  for (const setting of settings) {
    try {
      loaded.push(await load(setting, folder));
    } catch (error) {
      if (!(error instanceof TidemarkError)) throw error;
      problems.push(error);
    }
  }
  return { columnConversions: new ColumnConversions(loaded), problems };
}

/** The same for a run; throws what is wrong with the modules. */
export async function loadedSourceOptions(config: PipelineConfig): Promise<PostgresSourceOptions> {
  const { options, problems } = await loadableSourceOptions(config);
  if (problems.length === 1 && problems[0] !== undefined) throw problems[0];
  if (problems.length > 1) throw new TidemarkErrors(problems);
  return options;
}

async function load(
  { name, module, selector, properties }: ColumnConverterSetting,
  folder: string,
): Promise<LoadedColumnConverter> {
  const property = `source: ${name}.type`;
  const loaded = await importUserModule(property, module, folder);
  const file = moduleFile(module, folder);
  const convert = loaded['default'];
  if (typeof convert !== 'function') {
    const has = Object.keys(loaded).join(', ');
    throw new TidemarkError(
      'CONFIG_INVALID',
      `${property}: ${file} has no function as its default export: it exports ` +
        (has === '' ? 'nothing' : has),
      { cure: 'Write export default (column, properties) => …; the README has one that works.' },
    );
  }
  return { name, module, file, selector, properties, convert: convert as ColumnConverter };
}
