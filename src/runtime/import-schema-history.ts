import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { PipelineConfig } from '../config/pipeline-config.ts';
import { historyTopicOf } from '../config/schema-history-options.ts';
import { sourceFamily } from '../config/source-family.ts';
import type { Clock } from '../foundation/clock.ts';
import { TidemarkError, toTidemarkError } from '../foundation/errors.ts';
import { RecordBatch } from '../transport/record-batch.ts';
import type { Transport } from '../transport/transport.ts';
import type { DebeziumConnector } from './debezium-connector.ts';
import { addHistoryRecord, historyRecords } from './history-topic.ts';
import { importedPipeline } from './imported-pipeline.ts';
import { openForReading } from './open-transport.ts';

const HISTORY = 'schema.history.internal';
const FILE_STORE = 'io.debezium.storage.file.history.FileSchemaHistory';
const KAFKA_STORE = 'io.debezium.storage.kafka.history.KafkaSchemaHistory';
const CONSUMER = `${HISTORY}.consumer.`;
const BATCH_BYTES = 4 * 1024 * 1024;

/** Records of a schema history, as texts: what a pipeline with a log of its own takes along. */
export type HistoryTexts = readonly string[];

/**
 * Reads the schema history of a connector for binlogs out of its file, or its topic. Null: there is
 * nothing to copy, because the pipeline reads the same topic, or makes its history anew. Throws
 * HANDOVER_REFUSED where it cannot be had.
 */
export async function readSchemaHistory(
  connector: DebeziumConnector,
  config: PipelineConfig,
  signal: AbortSignal,
  clock: Clock,
): Promise<HistoryTexts | null> {
  const family = sourceFamily(config.source.connectorClass);
  const makesAnew = config.source.options.optionalString('snapshot.mode') === 'recovery';
  if (family === 'postgres' || config.transportType === 'kafka' || makesAnew) return null;
  try {
    const texts = await read(connector, config.file, signal, clock);
    const { server } = connector.offset?.partition ?? {};
    const own = texts.filter((text) => isOf(text, server ?? ''));
    if (own.length > 0) return own;
    throw new TidemarkError('HANDOVER_REFUSED', `it has no statements of ${server ?? 'it'}`);
  } catch (error) {
    signal.throwIfAborted();
    const { message } = toTidemarkError(error);
    throw new TidemarkError(
      'HANDOVER_REFUSED',
      `the schema history of ${connector.name} cannot be read: ${message}`,
      {
        cure:
          'Mend that; or, where no table was changed since the connector stopped, set ' +
          'snapshot.mode to recovery in its configuration: then the shapes of now are taken.',
        cause: error,
      },
    );
  }
}

async function read(
  connector: DebeziumConnector,
  pipelineFile: string,
  signal: AbortSignal,
  clock: Clock,
): Promise<HistoryTexts> {
  const { config, origin } = connector;
  const store = config[HISTORY] ?? KAFKA_STORE;
  if (store === FILE_STORE) {
    const name = config[`${HISTORY}.file.filename`] ?? '';
    return linesOf(path.resolve(path.dirname(origin), name));
  }
  if (store !== KAFKA_STORE) throw new TidemarkError('CONFIG_UNSUPPORTED', `it is in ${store}`);
  const topic = config[`${HISTORY}.kafka.topic`];
  const bootstrapServers = config[`${HISTORY}.kafka.bootstrap.servers`];
  if (topic === undefined || bootstrapServers === undefined) {
    throw new TidemarkError('CONFIG_INVALID', `${HISTORY}.kafka.… does not name its topic`);
  }
  const reading = kafkaPipeline(connector, bootstrapServers, pipelineFile);
  await using transport = await openForReading({ config: reading }, clock);
  return await textsOf(transport, topic, signal);
}

/** The same connector over Kafka, reached as its history is. */
function kafkaPipeline(
  connector: DebeziumConnector,
  bootstrapServers: string,
  file: string,
): PipelineConfig {
  const consumer = Object.entries(connector.config)
    .filter(([name]) => name.startsWith(CONSUMER))
    .map(([name, value]): [string, string] => [name.slice(CONSUMER.length), value])
    .filter(([name]) => /^(?:security|sasl|ssl)\./.test(name));
  const worker = { ...connector.worker, ...Object.fromEntries(consumer) };
  const transport = { bootstrapServers, offsetsTopic: undefined };
  const { config, problems } = importedPipeline(
    { ...connector, worker },
    transport,
    file,
    process.env,
  );
  if (config !== null) return config;
  throw problems[0] ?? new TidemarkError('CONFIG_UNSUPPORTED', 'its Kafka cannot be reached');
}

async function textsOf(
  transport: Transport,
  topic: string,
  signal: AbortSignal,
): Promise<HistoryTexts> {
  if ((await transport.describeTopic(topic)) === null) {
    throw new TidemarkError('TOPIC_UNKNOWN', `there is no topic ${topic}`);
  }
  const texts: string[] = [];
  for await (const record of historyRecords(transport, topic, 0, signal)) {
    texts.push(record.toString());
  }
  return texts;
}

function linesOf(file: string): HistoryTexts {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new TidemarkError('CONFIG_FILE', `${file} cannot be read (${code})`, { cause: error });
  }
}

/** A topic may have the histories of several connectors. */
function isOf(text: string, server: string): boolean {
  try {
    const { source } = JSON.parse(text) as { readonly source?: { readonly server?: unknown } };
    return source?.server === server;
  } catch {
    return false;
  }
}

/** Puts them where the pipeline reads them; what is there already is a part of them. */
export async function storeSchemaHistory(
  transport: Transport,
  { source }: PipelineConfig,
  texts: HistoryTexts,
  clock: Clock,
): Promise<void> {
  const topic = historyTopicOf(source.options);
  if (topic === null) return;
  const handle = await transport.openTopic(topic, { partitions: 1 });
  const [partition] = (await transport.describeTopic(topic))?.partitions ?? [];
  const batch = new RecordBatch();
  for (const text of texts.slice(partition?.endOffset ?? 0)) {
    addHistoryRecord(batch, handle, text, clock.nowMs());
    if (batch.byteLength < BATCH_BYTES) continue;
    await transport.append(batch, null);
    batch.clear();
  }
  if (batch.count > 0) await transport.append(batch, null);
}
