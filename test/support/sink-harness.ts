import type { SinkRecord, SinkTask } from '../../src/model/sink-record.ts';
import { createSqlSink } from '../../src/sink/sql/sql-sink.ts';
import type { SqlSinkOptions } from '../../src/sink/sql/sql-sink-options.ts';
import { SQL_SINK_DEFAULTS } from '../../src/sink/sql/sql-sink-options.ts';
import type { TestDatabase } from './postgres.ts';
import { positionsOf } from './sink-records.ts';

export const never: AbortSignal = new AbortController().signal;

export function sinkOptions(
  database: TestDatabase,
  change: Partial<SqlSinkOptions> = {},
): SqlSinkOptions {
  return { ...SQL_SINK_DEFAULTS, name: 'warehouse', connectionUrl: database.url, ...change };
}

/** A started sink; the caller disposes it. */
export async function startSink(
  database: TestDatabase,
  change: Partial<SqlSinkOptions> = {},
): Promise<SinkTask> {
  const sink = createSqlSink(sinkOptions(database, change));
  await sink.start(never);
  return sink;
}

/** Puts records with the positions that a consumer would tell. */
export function put(sink: SinkTask, records: readonly SinkRecord[]): Promise<void> {
  return sink.put(records, positionsOf(records), never);
}
