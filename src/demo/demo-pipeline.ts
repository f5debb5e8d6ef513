import path from 'node:path';

import { parsePipeline } from '../config/pipeline-file.ts';
import { systemClock } from '../foundation/clock.ts';
import { noFaults } from '../foundation/fault-points.ts';
import { composePipeline } from '../runtime/compose-pipeline.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Pipeline } from '../runtime/pipeline.ts';
import type { DemoDatabase, DemoDatabases } from './demo-databases.ts';

/** The pipeline file of the demo, as a user would write it (JSON is YAML). */
export function demoPipelineFile(databases: DemoDatabases, storeDirectory: string): string {
  const { source, warehouse } = databases;
  const address = `${warehouse.host}:${warehouse.port}`;
  const file = {
    name: 'shop',
    transport: { type: 'embedded', path: storeDirectory },
    source: {
      'connector.class': 'postgres',
      ...connection(source),
      'topic.prefix': 'shop',
      'table.include.list': 'public\\..*',
      // The default, microseconds, cannot tell a day from 24 hours.
      'interval.handling.mode': 'string',
      'heartbeat.interval.ms': 1000,
    },
    sinks: [
      {
        name: 'warehouse',
        'connector.class': 'jdbc',
        'connection.url': `jdbc:postgresql://${address}/${warehouse.database}`,
        'connection.user': warehouse.user,
        'connection.password': warehouse.password,
      },
    ],
    runtime: { 'errors.max.retries': 5 },
  };
  return JSON.stringify(file, null, 2);
}

/** Builds the demo's pipeline; it goes the way of every pipeline file. */
export async function createDemoPipeline(
  databases: DemoDatabases,
  storeDirectory: string,
  logger: Logger,
): Promise<Pipeline> {
  const text = demoPipelineFile(databases, storeDirectory);
  const config = parsePipeline(text, path.join(storeDirectory, 'demo.yaml'), {});
  const { pipeline } = await composePipeline(config, {
    clock: systemClock,
    logger,
    fault: noFaults,
  });
  return pipeline;
}

function connection(database: DemoDatabase): Record<string, string | number> {
  return {
    'database.hostname': database.host,
    'database.port': database.port,
    'database.dbname': database.database,
    'database.user': database.user,
    'database.password': database.password,
  };
}
