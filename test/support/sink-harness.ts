import type { SinkPartition, SinkRecord, SinkTask } from '../../src/model/sink-record.ts';
import { createSqlSink } from '../../src/sink/sql/sql-sink.ts';
import type { SqlSinkOptions } from '../../src/sink/sql/sql-sink-options.ts';
import { SQL_SINK_DEFAULTS } from '../../src/sink/sql/sql-sink-options.ts';
import { positionsOf } from './sink-records.ts';

export const never: AbortSignal = new AbortController().signal;

export function sinkOptions(
  database: { readonly url: string },
  change: Partial<SqlSinkOptions> = {},
): SqlSinkOptions {
  return { ...SQL_SINK_DEFAULTS, name: 'warehouse', connectionUrl: database.url, ...change };
}

/** A started sink; the caller disposes it. */
export async function startSink(
  database: { readonly url: string },
  change: Partial<SqlSinkOptions> = {},
): Promise<SinkTask> {
  const sink = createSqlSink(sinkOptions(database, change));
  await sink.start(never);
  return sink;
}

const assigned = new WeakMap<SinkTask, Set<string>>();

/** Assigns partitions that the sink does not have from here, as a runner does before it puts. */
export async function assignNew(
  sink: SinkTask,
  partitions: readonly SinkPartition[],
): Promise<void> {
  const known = assigned.get(sink) ?? new Set();
  assigned.set(sink, known);
  const fresh = partitions.filter(({ topic, partition }) => !known.has(`${topic}/${partition}`));
  for (const { topic, partition } of fresh) known.add(`${topic}/${partition}`);
  if (fresh.length > 0) await sink.assign(fresh, never);
}

/** Puts records with the positions that a consumer would tell; returns what was left out. */
export async function put(
  sink: SinkTask,
  records: readonly SinkRecord[],
): Promise<readonly SinkPartition[]> {
  const positions = positionsOf(records);
  await assignNew(sink, positions);
  return sink.put(records, positions, never);
}
