import type { ConnectorConfig, PipelineConfig } from '../config/pipeline-config.ts';
import type { Clock } from '../foundation/clock.ts';
import { type FaultHook, noFaults } from '../foundation/fault-points.ts';
import type { SendDeadLetters } from '../model/dead-letter.ts';
import type { SinkTask } from '../model/sink-record.ts';
import type { AskReread } from '../model/table-reread.ts';
import { createFileSink } from '../sink/file/create-file-sink.ts';
import { ParallelSink } from '../sink/sql/parallel-sink.ts';
import type { SearchClient } from '../sink/search/search-client.ts';
import { createSqlSink } from '../sink/sql/sql-sink.ts';
import { fileSinkOptionsOf } from './file-sink-options.ts';
import type { Logger } from './logger.ts';
import { searchSinkSettings, type SearchSinkSettings } from './search-sink-options.ts';
import { sinkOptionsOf, sqlSinkTasks } from './sink-options.ts';

/** What a sink takes from the process around it. */
export interface SinkSurroundings {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Null: nothing becomes a dead letter. */
  readonly send?: SendDeadLetters | null;
  readonly fault?: FaultHook;
  /** Null: there is no source that could read a table again. */
  readonly reread?: AskReread | null;
}

/** How the tasks of a sink are made, and what they ask of the records. */
export interface SinkOpening {
  readonly openTask: () => SinkTask | Promise<SinkTask>;
  /** Headers, and keys and values that are no structs: only a file has room for them. */
  readonly takesWhole: boolean;
  /** Where a change stands in its source; absent: it asks. */
  readonly takesPosition?: boolean;
}

/** Chooses the kind of a sink by its class. */
export function sinkOpening(
  config: Pick<PipelineConfig, 'name' | 'file'>,
  sink: ConnectorConfig,
  { clock, logger, send = null, fault = noFaults, reread = null }: SinkSurroundings,
): SinkOpening {
  const file = fileSinkOptionsOf(config, sink);
  if (file !== null) {
    const warn = (text: string): void => logger.warn(text);
    const note = (text: string): void => logger.info(text);
    return { openTask: () => createFileSink(file, { clock, warn, note }), takesWhole: true };
  }
  const search = searchSinkSettings(sink);
  if (search !== null) return searchOpening(search, { clock, logger, send, fault, reread });
  const options = sinkOptionsOf(sink);
  const tellDdl = (statement: string, effect: string): void => {
    logger.info({ statement }, effect);
  };
  const create = (): SinkTask => createSqlSink(options, tellDdl, send);
  const tasks = sqlSinkTasks(sink);
  const takesPosition = options.positionGuard || options.writeMode !== 'mirror';
  const asks = { takesWhole: false, takesPosition };
  if (tasks === 1) return { openTask: create, ...asks };
  const openTask = (): SinkTask => new ParallelSink(Array.from({ length: tasks }, create));
  return { openTask, ...asks };
}

function searchOpening(
  { options, connection }: SearchSinkSettings,
  { clock, logger, send, fault, reread }: Required<SinkSurroundings>,
): SinkOpening {
  const warn = (text: string): void => logger.warn(text);
  const tell = (statement: string, effect: string): void => {
    logger.info({ statement }, effect);
  };
  const open = async (signal: AbortSignal): Promise<SearchClient> => {
    const { openSearchClient } = await import('../sink/search/open-search-client.ts');
    return openSearchClient(connection, signal);
  };
  const openTask = async (): Promise<SinkTask> => {
    const { SearchSink } = await import('../sink/search/search-sink.ts');
    return new SearchSink(options, { open, clock, send, warn, tell, fault, reread });
  };
  // A version may stand in a header.
  return { openTask, takesWhole: options.versionHeader !== null };
}
