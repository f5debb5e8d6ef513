import path from 'node:path';
import { EmbeddedRegistry } from '../converter/registry/embedded-registry.ts';
import { isFileSourceClass } from '../config/file-source-options.ts';
import type { ConnectorConfig, PipelineConfig } from '../config/pipeline-config.ts';
import type { ResolvedOptions } from '../config/option.ts';
import { metricTags } from '../config/metric-tag-options.ts';
import { signalTopicOf } from '../config/signal-options.ts';
import { sourceFamily } from '../config/source-family.ts';
import type { ApplyChain } from '../transform/transform-chain.ts';
import type { EnvelopeOptions } from '../envelope/envelope-options.ts';
import { heartbeatTopic, transactionTopic } from '../envelope/topic-naming.ts';
import type { Clock } from '../foundation/clock.ts';
import type { FaultHook } from '../foundation/fault-points.ts';
import type { SourceNotification } from '../model/source-notification.ts';
import type { Transport } from '../transport/transport.ts';
import { composeFileSource, databaseOf } from './compose-file-source.ts';
import { deadLetterTopics, sinkErrorsOf, sourceErrorsOf } from './dead-letter-options.ts';
import { DeadLetterTopic } from './dead-letter-topic.ts';
import { convertersOf, needsGeneralPath } from './converters.ts';
import type { HeldTopics } from './held-topics.ts';
import { HypertableReader } from './hypertable-reader.ts';
import type { Logger } from './logger.ts';
import { Pipeline } from './pipeline.ts';
import { sinkOpening } from './open-sink.ts';
import { openTransport, topicOptionsOf } from './open-transport.ts';
import { transactionReading } from './transaction-reading.ts';
import { pipelineTransforms } from './pipeline-transforms.ts';
import { publisherLimits } from './publisher-limits.ts';
import { retryOptionsOf } from './restart-policy.ts';
import { SignalFile } from './signal-file.ts';
import { SignalTopic } from './signal-topic.ts';
import { SinkRunner } from './sink-runner.ts';
import { sinkConsumption } from './sink-consumption.ts';
import { sinkTopics } from './sink-topics.ts';
import { SinkTransforms } from './sink-transforms.ts';
import { envelopeOptionsOf, topicNamingOf } from './source-options.ts';
import { RecordWriter, type RecordWriterParts } from './record-writer.ts';
import { type RowReading, SourceDeadLetters } from './source-dead-letters.ts';
import { SourceHeartbeat } from './source-heartbeat.ts';
import { type MessageParts, SourceMessages } from './source-messages.ts';
import { SourceNotifications } from './source-notifications.ts';
import { SourceSignals } from './source-signals.ts';
import { loadSource, type LoadedSource } from './source-reading.ts';
import { SourceSchemaChanges } from './source-schema-changes.ts';
import type { SourceSchemaHistory } from './source-schema-history.ts';
import { SourceStatements } from './source-statements.ts';
import { SourceStatistics } from './source-statistics.ts';
import { sourceRegistry } from './source-registry.ts';
import type { TransactionParts } from './source-transactions.ts';
import { SourceTransactions } from './source-transactions.ts';
import { SourcePositions } from './source-positions.ts';
import { SourceTask } from './source-task.ts';
import { conversionWarnings } from './conversion-warnings.ts';
import { TableEncoders } from './table-encoders.ts';
import { TopicRoutes } from './topic-routes.ts';
import { openWhenReachable } from './transport-start.ts';

/** What a pipeline takes from the process around it; tests put their own in. */
export interface PipelineDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly fault: FaultHook;
  /** Ends the waiting for brokers. */
  readonly signal?: AbortSignal;
  /** The caller shows the error that ends the pipeline where the log goes, too. */
  readonly showsFailure?: boolean;
  /** Called when so many records more are durable in the log; for measuring. */
  readonly onDurable?: (records: number) => void;
}

/** A pipeline that is ready to start, and the registry whose routes the HTTP server shows. */
export interface ComposedPipeline {
  readonly pipeline: Pipeline;
  readonly registry: EmbeddedRegistry;
}

/** Decoded, a record takes ten times its bytes: a few thousand rows to a transaction. */
const SINK_POLL_BYTES = 2 * 1024 * 1024;
const SINK_COMMIT_INTERVAL_MS = 1_000;

/**
 * The one place where the parts of a pipeline are chosen and put together. Opens the store; throws
 * STORE_* when it cannot. Nothing runs until `pipeline.start()`.
 */
export async function composePipeline(
  config: PipelineConfig,
  dependencies: PipelineDependencies,
): Promise<ComposedPipeline> {
  const { clock, logger } = dependencies;
  // Before the store is opened: modules of the user may refuse to be loaded.
  const hypertables = new HypertableReader(() => databaseOf(source).postgresConnection(), clock);
  const transforms = await pipelineTransforms(config, warningOnce(logger), hypertables);
  const source = isFileSourceClass(config.source.connectorClass) ? null : await loadSource(config);
  const transport = await startTransport(config, dependencies);
  const registry = new EmbeddedRegistry(transport.documents);
  const statistics = new SourceStatistics();
  const around = { transport, registry, statistics, apply: transforms.source };
  const pipeline = new Pipeline({
    name: config.name,
    transport,
    source:
      source === null
        ? composeFileSource(config, around, topicOptionsOf(config), dependencies)
        : composeSource(
            config,
            transport,
            registry,
            statistics,
            { source, apply: transforms.source },
            dependencies,
          ),
    family: source === null ? 'file' : (sourceFamily(config.source.connectorClass) ?? 'postgres'),
    statistics,
    sourceRetry: retryOptionsOf(config.runtime, config.source.options),
    sinks: config.sinks.map((sink) => ({
      runner: composeSink(
        config,
        sink,
        transport,
        registry,
        transforms.sinks.get(sink.name) ?? null,
        dependencies,
      ),
      retry: retryOptionsOf(config.runtime, sink.options),
    })),
    shutdownTimeoutMs: config.runtime.number('task.shutdown.graceful.timeout.ms'),
    metricTags: metricTags(config.source.options),
    clock,
    logger,
    showsFailure: dependencies.showsFailure ?? false,
  });
  return { pipeline, registry };
}

/** An embedded log is there or fails for good; brokers may come later. */
function startTransport(config: PipelineConfig, around: PipelineDependencies): Promise<Transport> {
  const { signal = new AbortController().signal } = around;
  const open = (): Promise<Transport> => openTransport(config, around);
  if (config.transportType !== 'kafka') return open();
  const retry = retryOptionsOf(config.runtime, config.source.options);
  const address = config.transport.list('bootstrap.servers').join(',');
  return openWhenReachable(open, { ...around, folder: config.storePath, address, retry, signal });
}

/** What of the source may have modules of the user in it. */
interface UserParts {
  readonly source: LoadedSource;
  readonly apply: ApplyChain | null;
}

/** For records without a compiled encoder, which take the general path also without transforms. */
const unchanged: ApplyChain = (record) => record;

/** Transforms see all records, as in Connect; what is held has been through them. */
function writersOf(
  parts: Omit<RecordWriterParts, 'apply'> & { readonly held: HeldTopics },
  chain: ApplyChain | null,
  pipeline: string,
) {
  const routes = new TopicRoutes(parts.transport.documents, pipeline);
  return {
    transforming: chain && new RecordWriter({ ...parts, apply: chain, routes }),
    holding: { topics: parts.held, writer: new RecordWriter({ ...parts, apply: unchanged }) },
  };
}

function composeSource(
  config: PipelineConfig,
  transport: Transport,
  registry: EmbeddedRegistry,
  statistics: SourceStatistics,
  { source, apply }: UserParts,
  dependencies: PipelineDependencies,
): SourceTask {
  const { clock, logger, fault, onDurable } = dependencies;
  const envelope = envelopeOptionsOf(config.source);
  const topicOptions = topicOptionsOf(config);
  const { converters, held, outage } = sourceRegistry(config.source.options, registry, {
    ...dependencies,
    transport,
    topicOptions,
  });
  const { topicPrefix, naming } = envelope;
  const topic = heartbeatTopic(topicPrefix, naming);
  const written = { key: converters.key.converter, value: converters.value.converter };
  const around = { transport, topicOptions, clock, topicPrefix, topic, ...written };
  const records = { intervalMs: source.heartbeatIntervalMs, ...around };
  const positions = new SourcePositions();
  const rows = { envelope, positions: envelope.positionHeader === true ? positions : null };
  const letters = composeSourceLetters(config, rows, transport, dependencies);
  const chain = apply ?? (needsGeneralPath(converters) ? unchanged : null);
  const { transforming, holding } = writersOf({ ...records, held, ...letters }, chain, config.name);
  const heartbeat = { ...records, ...(transforming === null ? {} : { transforming }) };
  const notifications = composeNotifications(config.source.options, heartbeat, logger);
  const notify = (notification: SourceNotification): void => notifications.tell(notification);
  const note = (text: string): void => logger.info({ task: 'source' }, text);
  const reading = source.reading({ transport, clock, note, warn: warningOnce(logger), notify });
  const transactions = composeTransactions(config.source.options, envelope.topicPrefix, heartbeat);
  return new SourceTask({
    name: config.name,
    partition: { server: envelope.topicPrefix },
    transport,
    openReader: reading.openReader,
    encoders: new TableEncoders(
      transport,
      envelope,
      converters,
      topicOptions,
      clock,
      transactions,
      conversionWarnings(logger.child({ task: 'source' }), envelope.conversionFailures),
      transforming,
      holding,
      rows.positions,
    ),
    positions,
    ...letters,
    held,
    outage,
    transactions,
    notifications,
    signals: composeSignals(config, transport, notify, dependencies),
    heartbeat: heartbeat.intervalMs > 0 ? new SourceHeartbeat(heartbeat) : null,
    messages: composeMessages({ ...heartbeat, envelope, binary: source.binary }, transactions),
    ...composeStatements(config.source.options, reading.history, heartbeat, envelope),
    statistics,
    limits: publisherLimits(config),
    openReselectors: reading.openReselectors,
    clock,
    logger: logger.child({ task: 'source' }),
    fault,
    onDurable: onDurable ?? (() => undefined),
  });
}

function composeSourceLetters(
  config: PipelineConfig,
  rows: RowReading,
  transport: Transport,
  { clock, logger }: PipelineDependencies,
): { readonly letters?: SourceDeadLetters } {
  const errors = sourceErrorsOf(config);
  if (errors === null) return {};
  const parts = { ...errors, transport, clock, logger: logger.child({ task: 'source' }) };
  return { letters: new SourceDeadLetters(parts, rows) };
}

function composeMessages(
  parts: MessageParts,
  transactions: SourceTransactions | null,
): SourceMessages {
  if (transactions === null) return new SourceMessages(parts);
  return new SourceMessages({ ...parts, transaction: (at) => transactions.messageBlock(at) });
}

function composeStatements(
  options: ResolvedOptions,
  history: SourceSchemaHistory | null,
  parts: RecordWriting,
  envelope: EnvelopeOptions,
): { readonly statements?: SourceStatements } {
  if (history === null) return {};
  const connector = envelope.connector === 'mariadb' ? 'mariadb' : 'mysql';
  const topic = options.boolean('include.schema.changes')
    ? new SourceSchemaChanges({ ...parts, connector, envelope })
    : null;
  return { statements: new SourceStatements(history, topic) };
}

/** Each connection finds the same again. */
function warningOnce(logger: Logger): (text: string) => void {
  const told = new Set<string>();
  return (text) => {
    if (told.has(text)) return;
    told.add(text);
    logger.warn({ task: 'source' }, text);
  };
}

function composeNotifications(
  options: ResolvedOptions,
  parts: RecordWriting,
  logger: Logger,
): SourceNotifications {
  const channels = options.list('notification.enabled.channels');
  const topic = options.optionalString('notification.sink.topic.name');
  return new SourceNotifications({
    ...parts,
    connectorName: options.string('topic.prefix'),
    logs: channels.includes('log'),
    topic: channels.includes('sink') ? (topic ?? null) : null,
    logger: logger.child({ task: 'source' }),
  });
}

function composeSignals(
  config: PipelineConfig,
  transport: Transport,
  notify: (notification: SourceNotification) => void,
  { clock, logger }: PipelineDependencies,
): SourceSignals {
  const { options } = config.source;
  const channels = options.list('signal.enabled.channels');
  const prefix = options.string('topic.prefix');
  const file = path.resolve(path.dirname(config.file), options.string('signal.file'));
  return new SourceSignals({
    topic: channels.includes('kafka')
      ? new SignalTopic(transport, signalTopicOf(options), prefix, clock)
      : null,
    file: channels.includes('file') ? new SignalFile(file) : null,
    pollIntervalMs: options.number('signal.poll.interval.ms'),
    clock,
    logger: logger.child({ task: 'source' }),
    notify,
  });
}

type RecordWriting = Omit<TransactionParts, 'topic'>;

function composeTransactions(
  options: ResolvedOptions,
  topicPrefix: string,
  parts: RecordWriting,
): SourceTransactions | null {
  if (!options.boolean('provide.transaction.metadata')) return null;
  const topic = transactionTopic(topicPrefix, topicNamingOf(options));
  return new SourceTransactions({ ...parts, topic });
}

function composeSink(
  config: PipelineConfig,
  sink: ConnectorConfig,
  transport: Transport,
  registry: EmbeddedRegistry,
  apply: ApplyChain | null,
  dependencies: PipelineDependencies,
): SinkRunner {
  const { clock, logger, fault } = dependencies;
  const ownLogger = logger.child({ task: sink.name });
  const errors = sinkErrorsOf(sink, config.source.options);
  const letters = errors?.letters ?? null;
  const deadLetters =
    letters && new DeadLetterTopic({ ...letters, transport, logger: ownLogger, fault });
  const send = deadLetters?.send ?? null;
  const { openTask, takesWhole } = sinkOpening(config, sink, clock, ownLogger, send);
  // A sink reads what the source of its own pipeline writes.
  const { key, value } = convertersOf(config.source.options, registry);
  const converters = { key: key.converter, value: value.converter };
  const transforms = apply === null ? null : new SinkTransforms(apply, takesWhole);
  const topics = sinkTopics(sink.options, config.source.options, deadLetterTopics(config));
  const reading = { name: sink.name, topics, transport, converters, transforms, clock };
  return new SinkRunner({
    name: sink.name,
    ...sinkConsumption(config, sink),
    ...transactionReading(config.source, sink.options, { ...reading, logger: ownLogger }),
    topics,
    transport,
    openTask,
    takesWhole,
    kept: { failures: errors !== null, bytes: deadLetters !== null },
    ...(deadLetters === null ? {} : { deadLetters }),
    ...(errors === null ? {} : { retryTimeoutMs: errors.retryTimeoutMs }),
    retryDelayMaxMs: retryOptionsOf(config.runtime, sink.options).maxDelayMs,
    converters,
    ...(transforms === null ? {} : { transforms }),
    maxPollBytes: SINK_POLL_BYTES,
    commitIntervalMs: SINK_COMMIT_INTERVAL_MS,
    clock,
    logger: ownLogger,
    fault,
  });
}
