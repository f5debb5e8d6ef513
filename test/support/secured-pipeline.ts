import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import { vi } from 'vitest';
import type { PipelineConfig } from '../../src/config/pipeline-config.ts';
import { loadPipelineFile } from '../../src/config/pipeline-file.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { noFaults } from '../../src/foundation/fault-points.ts';
import { composePipeline } from '../../src/runtime/compose-pipeline.ts';
import type { PipelineStatus } from '../../src/runtime/pipeline-status.ts';
import { type Acl, aclsOfLine } from './kafka-acls.ts';
import type { KafkaCluster } from './kafka-cluster.ts';
import { sourceSection } from './pipeline-text.ts';
import type { TestDatabase } from './postgres.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { pemFile } from './tls-server.ts';

/** A pipeline over a secured cluster, as the user `alice`. */
export interface SecuredPipeline {
  readonly broker: KafkaCluster;
  readonly database: TestDatabase;
  readonly target: TestDatabase;
  readonly transport?: Readonly<Record<string, unknown>>;
  readonly source?: Readonly<Record<string, unknown>>;
}

/** How a run ended. */
export interface SecuredRun {
  readonly status: PipelineStatus;
  /** Every line of its log, as JSON, from trace on. */
  readonly lines: readonly string[];
}

/** The rights that the README lists for the pipeline; `exactly` with those of transactions. */
export function listedAcls(exactly: boolean): readonly Acl[] {
  const readme = fileURLToPath(new URL('../../README.md', import.meta.url));
  const section =
    /\n## Rights in Kafka\n([^]*?)\n## /.exec(readFileSync(readme, 'utf8'))?.[1] ?? '';
  const acls = [...section.matchAll(/^\$acls (.*)$/gm)].flatMap(([, line = '']) =>
    aclsOfLine(line),
  );
  return acls.filter(({ resource }) => exactly || resource !== 'TransactionalId');
}

/** The pipeline file, read as a run reads it; the folder is deleted with the scope. */
export async function securedConfig(
  { broker, database, target, transport = {}, source = {} }: SecuredPipeline,
  scope: AsyncDisposableStack,
): Promise<PipelineConfig> {
  const { path: folder } = scope.use(await temporaryFolder('secured'));
  const file = path.join(folder, 'shop.yaml');
  const document = {
    name: 'shop',
    transport: {
      type: 'kafka',
      'bootstrap.servers': broker.bootstrapServers,
      'security.protocol': 'SASL_SSL',
      'ssl.truststore.location': pemFile('ca.pem'),
      'sasl.mechanism': 'SCRAM-SHA-512',
      'sasl.jaas.config': 'x.ScramLoginModule required username="alice" password="alice-secret";',
      'request.timeout.ms': '5s',
      ...transport,
    },
    source: sourceSection(database, { 'errors.max.retries': 0, ...source }),
    sinks: [
      {
        name: 'dwh',
        'connector.class': 'jdbc',
        'errors.max.retries': 0,
        'connection.url': `postgres://${target.host}:${target.port}/${target.name}`,
        'connection.user': target.user,
        'connection.password': target.password,
      },
    ],
  };
  await writeFile(file, JSON.stringify(document));
  return loadPipelineFile(file);
}

/** Runs it until the target has so many items (never, if infinite), or a task has failed. */
export async function runSecured(pipeline: SecuredPipeline, items: number): Promise<SecuredRun> {
  await using scope = new AsyncDisposableStack();
  const lines: string[] = [];
  const logger = pino(
    { level: 'trace', base: null },
    {
      write: (line: string) => {
        lines.push(line);
      },
    },
  );
  const config = await securedConfig(pipeline, scope);
  const dependencies = { clock: systemClock, logger, fault: noFaults };
  const composed = await composePipeline(config, dependencies);
  const running = scope.use(composed.pipeline);
  running.start();
  await vi.waitFor(
    async () => {
      const { source, sinks } = running.status();
      if ([source, ...sinks].some(({ state }) => state === 'failed')) return;
      const count = await itemsIn(pipeline.target);
      if (count !== items) throw new Error(`${count} items so far\n${lines.join('')}`);
    },
    { timeout: 30_000, interval: 20 },
  );
  return { status: running.status(), lines };
}

async function itemsIn(target: TestDatabase): Promise<number> {
  const [found] = await target.query(`SELECT to_regclass('public.item') IS NOT NULL AS there`);
  if (found?.['there'] !== true) return 0;
  const [row] = await target.query('SELECT count(*)::int AS n FROM public.item');
  return Number(row?.['n']);
}
