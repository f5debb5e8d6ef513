import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import type { EmbeddedPostgres } from '../../src/demo/embedded-postgres.ts';
import type { BenchCores } from './bench-cores.ts';
import { PipelineChild } from './pipeline-child.ts';
import { postgresBench } from './postgres-workload.ts';
import { postgresSum, type TableSum } from './sink-targets.ts';
import { eventCount, recordCount } from './workload-counts.ts';

/** JSON with schemas, as Debezium's JDBC sink needs it, or Avro. */
export type TopicFormat = 'json' | 'avro';

/** What the sinks of one run have in common. */
export interface SinkBench {
  readonly server: EmbeddedPostgres;
  readonly bootstrapServers: string;
  /** `schema.registry.url`; null: none is there. */
  readonly registry: string | null;
  readonly folder: string;
  readonly builtSources: string;
  readonly cores: BenchCores;
}

/** A topic with the changes of one table, and what a target has to hold when it has them all. */
export interface FilledTopic {
  readonly topic: string;
  readonly format: TopicFormat;
  /** Row events; a delete is followed by a tombstone, which is none. */
  readonly events: number;
  /** Row events and tombstones. */
  readonly records: number;
  /** Written last. */
  readonly lastId: number;
  readonly sum: TableSum;
}

/** Beyond all rows, and with times that a TIMESTAMP of MariaDB holds. */
const LAST_ID = 100_000_000;

/** Lines of a source or sink that reads and writes the format. */
export function converterLines(format: TopicFormat, registry: string | null): readonly string[] {
  return ['key', 'value'].flatMap((side) =>
    format === 'json'
      ? [`${side}.converter: json`, `${side}.converter.schemas.enable: true`]
      : [`${side}.converter: avro`, `${side}.converter.schema.registry.url: ${registry ?? ''}`],
  );
}

/**
 * Fills a topic by our daemon: a snapshot of so many rows, their changes unless there are to be
 * none, one row at the end.
 */
export async function fillTopic(
  bench: SinkBench,
  format: TopicFormat,
  rows: number,
  withChanges = true,
): Promise<FilledTopic> {
  const { server, bootstrapServers, registry, folder, builtSources } = bench;
  await using database = await postgresBench(server, `filled_${format}`);
  await database.load(1, rows);
  const file = path.join(folder, `${database.name}.yaml`);
  const lines = [...database.source, ...converterLines(format, registry)];
  await writeFile(
    file,
    `name: ${database.name}
transport:
  type: kafka
  bootstrap.servers: ${bootstrapServers}
  path: ${path.join(folder, database.name)}
source:
${lines.map((line) => `  ${line}\n`).join('')}`,
  );
  const child = PipelineChild.start(file, builtSources, folder);
  await child.reach(rows);
  const records = withChanges ? recordCount(rows) : rows;
  const changed = child.reach(records - rows + 1);
  if (withChanges) await database.change(1, rows);
  await database.insert(LAST_ID);
  await changed;
  await child.stop();
  const client = new pg.Client({ connectionString: server.url(database.name) });
  await client.connect();
  const sum = await postgresSum(client, 'bench_orders');
  await client.end();
  return {
    topic: `${database.name}.public.bench_orders`,
    format,
    events: (withChanges ? eventCount(rows) : rows) + 1,
    records: records + 1,
    lastId: LAST_ID,
    sum,
  };
}
