import path from 'node:path';
import type { ConnectorConfig, PipelineConfig } from '../config/pipeline-config.ts';
import { transformSettings } from '../config/transform-options.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { HypertableCatalog } from '../transform/hypertable-catalog.ts';
import type { ApplyChain, ChainContext } from '../transform/transform-chain.ts';
import { transformChain } from '../transform/transform-chain.ts';

/** The transforms of a pipeline; null: that connector has none. */
export interface PipelineTransforms {
  readonly source: ApplyChain | null;
  readonly sinks: ReadonlyMap<string, ApplyChain>;
}

/** Makes all transforms and loads their modules. Throws CONFIG_INVALID, naming the section. */
export async function pipelineTransforms(
  config: PipelineConfig,
  warn: (text: string) => void,
  hypertables: HypertableCatalog,
): Promise<PipelineTransforms> {
  const source = await chainOf(config, config.source, 'source', { warn, hypertables });
  const sinks = new Map<string, ApplyChain>();
  for (const [index, sink] of config.sinks.entries()) {
    const chain = await chainOf(config, sink, `sinks[${index}]`, { warn });
    if (chain !== null) sinks.set(sink.name, chain);
  }
  return { source, sinks };
}

/** What can only be told by making the transforms; for `check`. */
export async function transformProblems(config: PipelineConfig): Promise<readonly TidemarkError[]> {
  try {
    const unasked = { load: () => Promise.resolve(new Map<string, never>()) };
    await pipelineTransforms(config, () => undefined, unasked);
    return [];
  } catch (error) {
    if (error instanceof TidemarkError) return [error];
    throw error;
  }
}

async function chainOf(
  { file }: PipelineConfig,
  { options }: ConnectorConfig,
  where: string,
  context: Omit<ChainContext, 'folder'>,
): Promise<ApplyChain | null> {
  const settings = transformSettings(options);
  if (settings.length === 0) return null;
  try {
    return await transformChain(settings, {
      ...context,
      folder: path.dirname(path.resolve(file)),
    });
  } catch (thrown) {
    if (!(thrown instanceof TidemarkError)) throw thrown;
    const { code, message, cure, cause } = thrown;
    throw new TidemarkError(code, `${where}: ${message}`, { cure, cause });
  }
}
