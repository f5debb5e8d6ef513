import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { loadPipelineFile } from '../../src/config/pipeline-file.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { noFaults } from '../../src/foundation/fault-points.ts';
import { composePipeline } from '../../src/runtime/compose-pipeline.ts';
import { silentLogger } from '../../src/runtime/logger.ts';
import type { Pipeline } from '../../src/runtime/pipeline.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { type GoldenScenario, type MaskedRecord, maskPart } from './golden-recordings.ts';

const DEADLINE_MS = 60_000;

/** What our daemon wrote for a scenario, or why it did not run. */
export interface GoldenOutcome {
  readonly topics: ReadonlyMap<string, readonly MaskedRecord[]>;
  readonly failure: Error | null;
}

/** The product as it is, with the connector's configuration as it stood but for the server. */
export async function startGoldenPipeline(
  scenario: GoldenScenario,
  folder: string,
  source: Readonly<Record<string, unknown>>,
): Promise<Pipeline> {
  const file = path.join(folder, `${scenario.name}.yaml`);
  const document = {
    name: scenario.name,
    transport: { type: 'embedded', path: path.join(folder, scenario.name) },
    source: { ...source, 'errors.max.retries': 0 },
    sinks: [],
  };
  await writeFile(file, JSON.stringify(document));
  const { pipeline } = await composePipeline(loadPipelineFile(file), {
    clock: systemClock,
    logger: silentLogger(),
    fault: noFaults,
  });
  pipeline.start();
  return pipeline;
}

/** The first snapshot is over, or the source has failed. */
export async function untilStreaming(pipeline: Pipeline): Promise<void> {
  await untilTrue(
    () => pipeline.sourceFailure() !== null || pipeline.status().source.phase === 'streaming',
  );
}

/** Asks again and again; a minute at the most. */
export async function untilTrue(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  const { signal } = new AbortController();
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('a golden scenario does not come to its end');
    await systemClock.sleep(20, signal);
  }
}

/** All records of the log, masked as the recordings are. */
export async function readLog(
  transport: Transport,
  prefix: string,
): Promise<ReadonlyMap<string, readonly MaskedRecord[]>> {
  await using consumer = await transport.consumer({
    group: 'golden',
    topics: /^.*$/,
    register: false,
  });
  const topics = new Map<string, MaskedRecord[]>();
  const { signal } = new AbortController();
  for (;;) {
    const fetched = await consumer.poll({ maxBytes: 8_000_000, maxWaitMs: 50, signal });
    if (fetched.every(({ records }) => records.length === 0)) return topics;
    for (const { topic, records } of fetched) {
      const name = topic.replaceAll(prefix, 'PREFIX');
      const list = topics.get(name) ?? [];
      topics.set(name, list);
      for (const record of records) {
        const text = (bytes: Buffer | null): string | null => bytes?.toString('utf8') ?? null;
        list.push({
          key: name === 'PREFIX.transaction' ? null : maskPart(text(record.key), prefix),
          value: maskPart(text(record.value), prefix),
          headers: record.headers
            .filter((header) => header.name !== '__debezium.context.runId')
            .map((header) => [
              header.name,
              text(header.value)?.replaceAll(prefix, 'PREFIX') ?? null,
            ]),
        });
      }
    }
  }
}

/** The statements of a text, without what stands behind `--` and without their semicolons. */
export function statementsOf(sql: string): readonly string[] {
  const text = sql.replaceAll(/(?:^| )--(?: .*)?$/gm, '');
  const parts = text.match(/(?:'[^']*'|"[^"]*"|[^;'"])+/g) ?? [];
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}
