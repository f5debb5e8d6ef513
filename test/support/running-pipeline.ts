import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import pino from 'pino';
import type { PipelineConfig } from '../../src/config/pipeline-config.ts';
import { loadPipelineFile } from '../../src/config/pipeline-file.ts';
import { createConverter } from '../../src/converter/create-converter.ts';
import type { SchemaRegistry } from '../../src/converter/converter.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { noFaults } from '../../src/foundation/fault-points.ts';
import type { ConnectSchema } from '../../src/model/connect-schema.ts';
import { composePipeline } from '../../src/runtime/compose-pipeline.ts';
import type { Pipeline } from '../../src/runtime/pipeline.ts';
import { plainValue } from '../../src/model/plain-value.ts';
import type { TestDatabase } from './postgres.ts';
import { sourceSection } from './pipeline-text.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A record as a reader of the log finds it. */
export interface ReadRecord {
  readonly topic: string;
  readonly key: unknown;
  readonly value: unknown;
  readonly keySchema: ConnectSchema | null;
  readonly valueSchema: ConnectSchema | null;
  readonly headers: Readonly<Record<string, string | null>>;
}

/** A pipeline without sinks in this process, over a database of the test's. */
export interface RunningPipeline extends AsyncDisposable {
  readonly pipeline: Pipeline;
  readonly config: PipelineConfig;
  /** Lines of its log: level and message. */
  readonly lines: readonly string[];
  /** All records, once the topic has at least so many. */
  records(topic: string, count: number): Promise<readonly ReadRecord[]>;
  topics(): Promise<readonly string[]>;
  /** Waits until what is committed now is in the log, or the source has failed for good. */
  caughtUp(): Promise<void>;
}

export interface RunningPipelineOptions {
  readonly name?: string;
  readonly source?: Readonly<Record<string, unknown>>;
  /** Files beside the pipeline file, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** The section; absent: the embedded log. */
  readonly transport?: Readonly<Record<string, unknown>>;
  readonly sinks?: readonly Readonly<Record<string, unknown>>[];
  /** Where its store is and stays; absent: a folder of its own. */
  readonly folder?: string;
  /** Where records have their schemas from; absent: the built-in one. */
  readonly registry?: SchemaRegistry;
}

const DEADLINE_MS = 30_000;

/** Starts it; streams when this resolves, unless the source failed. */
export async function runningPipeline(
  database: TestDatabase,
  options: RunningPipelineOptions = {},
): Promise<RunningPipeline> {
  await using stack = new AsyncDisposableStack();
  const folder = options.folder ?? stack.use(await temporaryFolder('running')).path;
  const file = path.join(folder, 'shop.yaml');
  const source = sourceSection(database, { 'errors.max.retries': 0, ...options.source });
  const { name = 'shop', transport, sinks = [] } = options;
  await writeFile(file, JSON.stringify({ name, transport, source, sinks }));
  for (const [name, text] of Object.entries(options.files ?? {})) {
    await writeFile(path.join(folder, name), text);
  }
  const lines: string[] = [];
  const logger = pino(
    { level: 'info', base: null },
    {
      write: (line: string) => {
        const { level, msg } = JSON.parse(line) as { level: number; msg: string };
        lines.push(`${level} ${msg}`);
      },
    },
  );
  const config = loadPipelineFile(file);
  const dependencies = { clock: systemClock, logger, fault: noFaults };
  const { pipeline, registry: builtIn } = await composePipeline(config, dependencies);
  const registry = options.registry ?? builtIn;
  stack.use(pipeline);
  pipeline.start();
  await untilTrue(
    () => pipeline.sourceFailure() !== null || pipeline.status().source.phase === 'streaming',
  );
  const kept = stack.move();
  return {
    pipeline,
    config,
    lines,
    async records(topic, count) {
      await untilTrue(async () => {
        const failure = pipeline.sourceFailure();
        if (failure !== null) throw failure;
        const description = await pipeline.transport.describeTopic(topic);
        return (description?.partitions[0]?.endOffset ?? 0) >= count;
      });
      return await readTopic(pipeline, config, registry, topic, count);
    },
    topics: async () => (await pipeline.transport.listTopics()).map(({ name }) => name),
    async caughtUp() {
      // Of our own prefix, which becomes no record: another would make a topic of messages.
      await database.query(`SELECT pg_logical_emit_message(false, 'tidemark', 'x')`);
      const at = (await database.query('SELECT pg_current_wal_lsn()::text AS at'))[0];
      const end = String(at?.['at']);
      await untilTrue(() => {
        const hasReceived = pipeline.source.reader?.hasReceived(end) === true;
        return pipeline.sourceFailure() !== null || hasReceived;
      });
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function untilTrue(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  const { signal } = new AbortController();
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('the pipeline does not come so far');
    await systemClock.sleep(10, signal);
  }
}

async function readTopic(
  pipeline: Pipeline,
  { source }: PipelineConfig,
  registry: SchemaRegistry,
  topic: string,
  count: number,
): Promise<readonly ReadRecord[]> {
  const deadline = performance.now() + DEADLINE_MS;
  const { signal } = new AbortController();
  await using consumer = await pipeline.transport.consumer({
    group: 'test',
    topics: [topic],
    register: false,
  });
  const decode = async (
    bytes: Buffer | null,
    isKey: boolean,
  ): Promise<{ readonly schema: ConnectSchema | null; readonly value: unknown }> => {
    if (bytes === null) return { schema: null, value: null };
    const given = source.options.string(`${isKey ? 'key' : 'value'}.converter`);
    const registered = given === 'jsonschema' ? given : 'avro';
    const name = bytes[0] === 0 ? registered : 'json';
    const value = await createConverter({ name, isKey, registry }).toConnect(topic, bytes);
    const schema =
      value !== null && typeof value === 'object' && 'schema' in value ? value.schema : null;
    return { schema, value: plainValue(value) };
  };
  const records: ReadRecord[] = [];
  for (;;) {
    const fetched = await consumer.poll({ maxBytes: 8_000_000, maxWaitMs: 20, signal });
    const found = fetched.flatMap((batch) => batch.records);
    // Of a broker that is slow an empty poll is not the end.
    const isOver = records.length >= count || performance.now() > deadline;
    if (found.length === 0 && isOver) return records;
    for (const record of found) {
      const key = await decode(record.key, true);
      const value = await decode(record.value, false);
      records.push({
        topic,
        key: key.value,
        value: value.value,
        keySchema: key.schema,
        valueSchema: value.schema,
        headers: Object.fromEntries(
          record.headers.map((header) => [header.name, header.value?.toString() ?? null]),
        ),
      });
    }
  }
}
