import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { EmbeddedPostgres } from '../../src/demo/embedded-postgres.ts';
import { KafkaCluster } from '../support/kafka-cluster.ts';
import { RegistryServer } from '../support/registry-server.ts';
import type { BenchCores } from './bench-cores.ts';
import { PipelineChild } from './pipeline-child.ts';
import { postgresBench } from './postgres-workload.ts';
import { converterLines, fillTopic } from './sink-topic.ts';

/** A topic with rows of one table, as Avro, and pipelines whose sinks read it. */
export interface SearchLog extends AsyncDisposable {
  readonly topic: string;
  /** Each is a row. */
  readonly records: number;
  /** A pipeline file without its sinks; for the time of one daemon. */
  pipeline(name: string): Promise<{ readonly text: string } & AsyncDisposable>;
}

interface Sections {
  readonly name: string;
  readonly transport: readonly string[];
  readonly source: readonly string[];
}

function pipelineText({ name, transport, source }: Sections): string {
  const section = (title: string, lines: readonly string[]): string =>
    `${title}:\n${lines.map((line) => `  ${line}\n`).join('')}`;
  return `name: ${name}\n${section('transport', transport)}${section('source', source)}`;
}

/** In the daemon itself: the same pipeline writes the topic, and reads it when it has a sink. */
export async function embeddedLog(
  server: EmbeddedPostgres,
  folder: string,
  builtSources: string,
  cores: BenchCores,
  rows: number,
): Promise<SearchLog> {
  const database = await postgresBench(server, 'indexed');
  await database.load(1, rows);
  const text = pipelineText({
    name: 'indexed',
    transport: ['type: embedded', `path: ${path.join(folder, 'log')}`],
    source: [...database.source, 'key.converter: avro', 'value.converter: avro'],
  });
  const file = path.join(folder, 'filled.yaml');
  await writeFile(file, text);
  const child = await cores.asClient(() => PipelineChild.start(file, builtSources, folder));
  await child.reach(rows);
  await child.stop();
  return {
    topic: 'indexed.public.bench_orders',
    records: rows,
    pipeline: () => Promise.resolve({ text, [Symbol.asyncDispose]: () => Promise.resolve() }),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

/** In a broker, which has the core of the daemon, and so has its registry. */
export async function kafkaLog(
  server: EmbeddedPostgres,
  folder: string,
  builtSources: string,
  cores: BenchCores,
  rows: number,
): Promise<SearchLog> {
  await using started = new AsyncDisposableStack();
  const broker = started.use(
    await cores.asClient(() => KafkaCluster.start({ major: '4', forSpeed: true })),
  );
  const registry = started.use(await cores.asClient(() => RegistryServer.start()));
  const { bootstrapServers } = broker;
  const bench = { server, bootstrapServers, registry: registry.url, folder, builtSources, cores };
  const filled = await fillTopic(bench, 'avro', rows, false);
  const running = started.move();
  return {
    topic: filled.topic,
    records: filled.records,
    async pipeline(name) {
      const idle = await postgresBench(server, name);
      const source = [...idle.source, 'snapshot.mode: no_data'];
      const text = pipelineText({
        name,
        transport: [
          'type: kafka',
          `bootstrap.servers: ${bootstrapServers}`,
          `path: ${path.join(folder, name)}`,
        ],
        source: [...source, ...converterLines('avro', registry.url)],
      });
      return { text, [Symbol.asyncDispose]: () => idle[Symbol.asyncDispose]() };
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
