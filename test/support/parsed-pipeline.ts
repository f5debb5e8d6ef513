import path from 'node:path';
import type { PipelineConfig } from '../../src/config/pipeline-config.ts';
import { parsePipeline } from '../../src/config/pipeline-file.ts';

type Properties = Readonly<Record<string, unknown>>;

/** Sections of a pipeline file; of the source only what is more than every source needs. */
export interface PipelineSections {
  readonly transport?: Properties;
  readonly source?: Properties;
  readonly sinks?: readonly unknown[];
  readonly runtime?: Properties;
  readonly schema?: unknown;
  readonly alerts?: unknown;
}

/** The pipeline of a file that was never written, over a database to which nobody connects. */
export function parsedPipeline(
  { source, ...sections }: PipelineSections = {},
  file = '/p.yaml',
): PipelineConfig {
  const document = {
    name: 'shop',
    ...sections,
    source: {
      'connector.class': 'postgres',
      'database.hostname': 'localhost',
      'database.dbname': 'shop',
      'database.user': 'me',
      'topic.prefix': 'shop',
      ...source,
    },
  };
  return parsePipeline(JSON.stringify(document), file, {});
}

/** What a test changes of the pipeline below. */
export interface ShopProperties {
  readonly source?: Properties;
  readonly sink?: Properties;
  readonly runtime?: Properties;
}

/** `shop.yaml` of a folder: a source whose topics begin with `shop.eu`, and a sink `w`. */
export function shopPipeline(
  folder: string,
  { source, sink, runtime }: ShopProperties = {},
): PipelineConfig {
  const sections = {
    transport: { type: 'embedded', path: './store' },
    source: { 'topic.prefix': 'shop.eu', ...source },
    sinks: [
      { name: 'w', 'connector.class': 'jdbc', 'connection.url': 'postgres://me@h/w', ...sink },
    ],
    runtime: runtime ?? {},
  };
  return parsedPipeline(sections, path.join(folder, 'shop.yaml'));
}
