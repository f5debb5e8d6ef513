import { isFileSourceClass } from '../config/file-source-options.ts';
import type { ConnectorConfig } from '../config/pipeline-config.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type { SourceOffset } from '../model/change-event.ts';
import { filePartition } from '../source/file/file-place.ts';

/** Connect's source partition, by which the stored offset of a source is found. */
export function sourcePartition({
  connectorClass,
  options,
}: Pick<ConnectorConfig, 'connectorClass' | 'options'>): SourceOffset['partition'] {
  return isFileSourceClass(connectorClass)
    ? filePartition(options.optionalString('file') ?? null)
    : { server: options.string('topic.prefix') };
}

/** Throws CONFIG_UNSUPPORTED where a command needs a database and the source is a file. */
export function requireDatabase({ connectorClass }: ConnectorConfig, command: string): void {
  if (!isFileSourceClass(connectorClass)) return;
  throw new TidemarkError('CONFIG_UNSUPPORTED', `${command} is for sources that are databases`, {
    cure: 'A source that reads a file has no snapshot and no server: start it with tidemark run.',
  });
}
