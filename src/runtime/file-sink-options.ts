import path from 'node:path';
import { isFileSinkClass } from '../config/file-sink-options.ts';
import type { ConnectorConfig, PipelineConfig } from '../config/pipeline-config.ts';
import type { FileSinkOptions } from '../sink/file/create-file-sink.ts';
import type { LineFormat } from '../sink/file/record-lines.ts';

/** What a file sink is told, from its properties; null: the sink writes no file. */
export function fileSinkOptionsOf(
  { name: pipeline, file: pipelineFile }: Pick<PipelineConfig, 'name' | 'file'>,
  { name, connectorClass, options }: ConnectorConfig,
): FileSinkOptions | null {
  if (!isFileSinkClass(connectorClass)) return null;
  const file = options.optionalString('file');
  const folder = path.dirname(path.resolve(pipelineFile));
  return {
    owner: `${pipeline}/${name}`,
    file: file === undefined ? null : path.resolve(folder, file),
    format: options.string('format') as LineFormat,
  };
}
