import type { ConnectorConfig, PipelineConfig } from '../config/pipeline-config.ts';
import type { Clock } from '../foundation/clock.ts';
import type { SendDeadLetters } from '../model/dead-letter.ts';
import type { SinkTask } from '../model/sink-record.ts';
import { createFileSink } from '../sink/file/create-file-sink.ts';
import { ParallelSink } from '../sink/sql/parallel-sink.ts';
import { createSqlSink } from '../sink/sql/sql-sink.ts';
import { fileSinkOptionsOf } from './file-sink-options.ts';
import type { Logger } from './logger.ts';
import { sinkOptionsOf, sqlSinkTasks } from './sink-options.ts';

/** How the tasks of a sink are made, and what they ask of the records. */
export interface SinkOpening {
  readonly openTask: () => SinkTask;
  /** Headers, and keys and values that are no structs: only a file has room for them. */
  readonly takesWhole: boolean;
}

/** Chooses the kind of a sink by its class. */
export function sinkOpening(
  config: Pick<PipelineConfig, 'name' | 'file'>,
  sink: ConnectorConfig,
  clock: Clock,
  logger: Logger,
  send: SendDeadLetters | null = null,
): SinkOpening {
  const file = fileSinkOptionsOf(config, sink);
  if (file !== null) {
    const warn = (text: string): void => logger.warn(text);
    const note = (text: string): void => logger.info(text);
    return { openTask: () => createFileSink(file, { clock, warn, note }), takesWhole: true };
  }
  const options = sinkOptionsOf(sink);
  const tellDdl = (statement: string, effect: string): void => {
    logger.info({ statement }, effect);
  };
  const create = (): SinkTask => createSqlSink(options, tellDdl, send);
  const tasks = sqlSinkTasks(sink);
  if (tasks === 1) return { openTask: create, takesWhole: false };
  const openTask = (): SinkTask => new ParallelSink(Array.from({ length: tasks }, create));
  return { openTask, takesWhole: false };
}
