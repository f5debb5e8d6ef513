import type { PipelineConfig } from '../../src/config/pipeline-config.ts';
import { parsePipeline } from '../../src/config/pipeline-file.ts';

type Properties = Readonly<Record<string, unknown>>;

/** Sections of a pipeline file; of the source only what is more than every source needs. */
export interface PipelineSections {
  readonly transport?: Properties;
  readonly source?: Properties;
  readonly sinks?: readonly unknown[];
  readonly runtime?: Properties;
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
