import path from 'node:path';

import { parsePipeline } from '../config/pipeline-file.ts';
import { systemClock } from '../foundation/clock.ts';
import { noFaults } from '../foundation/fault-points.ts';
import { composePipeline } from '../runtime/compose-pipeline.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Pipeline } from '../runtime/pipeline.ts';
import type { DemoServer } from './demo-server.ts';

/** The pipeline file of the demo, as a user would write it (JSON is YAML). */
export function demoPipelineFile(server: DemoServer, storeDirectory: string): string {
  const file = {
    name: 'shop',
    transport: { type: 'embedded', path: storeDirectory },
    source: server.source,
    sinks: [{ name: 'warehouse', ...server.sink }],
    runtime: { 'errors.max.retries': 5 },
    // The shop truncates and alters its tables all the time, and nobody is on call for it.
    alerts: { rules: [{ classes: String.raw`schema\..*`, severity: 'info' }] },
  };
  return JSON.stringify(file, null, 2);
}

/** Builds the demo's pipeline; it goes the way of every pipeline file. */
export async function createDemoPipeline(
  server: DemoServer,
  storeDirectory: string,
  logger: Logger,
): Promise<Pipeline> {
  const text = demoPipelineFile(server, storeDirectory);
  const config = parsePipeline(text, path.join(storeDirectory, 'demo.yaml'), {});
  const { pipeline } = await composePipeline(config, {
    clock: systemClock,
    logger,
    fault: noFaults,
  });
  return pipeline;
}
