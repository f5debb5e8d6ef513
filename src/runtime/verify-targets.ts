import type { ConnectorConfig, PipelineConfig } from '../config/pipeline-config.ts';
import { TidemarkError, toTidemarkError } from '../foundation/errors.ts';
import type { SinkRecord } from '../model/sink-record.ts';
import { openSearchClient } from '../sink/search/open-search-client.ts';
import { isDuckdbUrl } from '../sink/sql/duckdb-url.ts';
import type { SqlSinkOptions } from '../sink/sql/sql-sink-options.ts';
import { targetOf } from '../sink/sql/target-product.ts';
import type { Transport } from '../transport/transport.ts';
import type { ValueOfText } from '../verify/document-keys.ts';
import type { OwnerTable } from '../verify/nested-places.ts';
import { NestedTargetTable } from '../verify/nested-target-table.ts';
import { SearchTargetTable } from '../verify/search-target-table.ts';
import { SqlTargetTable } from '../verify/sql-target-table.ts';
import type { LogPositions, TargetTable } from '../verify/verify-ports.ts';
import { type SearchSinkSettings, searchSinkSettings } from './search-sink-options.ts';
import { sinkConsumption } from './sink-consumption.ts';
import { sinkOptionsOf } from './sink-options.ts';

/** What is to be compared with its place in a target. */
export interface VerifiedRows {
  /** A record such as the sink is handed for a row. */
  readonly sample: SinkRecord;
  /** What a text of the source is as a value of a field of the key. */
  readonly valueOf: ValueOfText;
  /** The table that has a topic, for rows that stand in the documents of its rows. */
  readonly ownerOf: (topic: string) => OwnerTable | null;
}

/** The target of one sink, beside the sink's own connections. */
export interface VerifyTarget extends AsyncDisposable {
  /** Its connection is lost: no table can be compared any more. */
  readonly broken: boolean;
  /** The table that such rows go to. Throws why it cannot be compared. */
  table(rows: VerifiedRows, signal: AbortSignal): Promise<TargetTable>;
}

/** Connects to the target of a sink that has tables, or an index for each. */
export async function openVerifyTarget(
  config: PipelineConfig,
  sink: ConnectorConfig,
  transport: Transport,
  signal: AbortSignal,
): Promise<VerifyTarget> {
  const search = searchSinkSettings(sink);
  if (search !== null) {
    const { group } = sinkConsumption(config, sink);
    return openSearchTarget(search, (topic) => appliedOf(transport, group, topic), signal);
  }
  const options = sinkOptionsOf(sink);
  try {
    return await openSqlTarget(options, signal);
  } catch (thrown) {
    const error = toTidemarkError(thrown, 'SINK_SERVER');
    if (!isDuckdbUrl(options.connectionUrl) || error.code !== 'SINK_CONNECT') throw error;
    return lockedTarget(error);
  }
}

async function openSearchTarget(
  { connection, options }: SearchSinkSettings,
  applied: (topic: string) => Promise<LogPositions>,
  signal: AbortSignal,
): Promise<VerifyTarget> {
  const client = await openSearchClient(connection, signal);
  return {
    // Each request finds a node by itself.
    broken: false,
    table: ({ sample, valueOf, ownerOf }, until) => {
      const isNested = options.nests.some(({ child }) => child === sample.topic);
      const parts = { client, options, valueOf, applied };
      return isNested
        ? NestedTargetTable.open({ ...parts, ownerOf }, sample, until)
        : SearchTargetTable.open(parts, sample, until);
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

/** An index keeps no offsets: documents are durable, and then the group's are committed. */
async function appliedOf(
  transport: Transport,
  group: string,
  topic: string,
): Promise<LogPositions> {
  const [described] = await transport.listGroups([group]);
  const ofTopic = described?.offsets.filter((one) => one.topic === topic) ?? [];
  return new Map(ofTopic.map(({ partition, offset }) => [partition, offset]));
}

async function openSqlTarget(options: SqlSinkOptions, signal: AbortSignal): Promise<VerifyTarget> {
  const { dialect, open } = targetOf(options);
  const session = await open(signal);
  return {
    get broken() {
      return session.broken;
    },
    table: ({ sample }) => SqlTargetTable.open({ session, dialect, options }, sample),
    [Symbol.asyncDispose]: () => session.close(),
  };
}

/** A DuckDB file that a daemon has open; the pipeline's other sinks are compared all the same. */
function lockedTarget({ code, message, cause }: TidemarkError): VerifyTarget {
  return {
    broken: false,
    table() {
      const cure =
        'Let the daemon that has the file compare: verify asks it at http.listen of the pipeline ' +
        'file. Or stop it: verify runs the pipeline itself meanwhile.';
      return Promise.reject(new TidemarkError(code, message, { cure, cause }));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
