import { EmbeddedRegistry } from '../converter/registry/embedded-registry.ts';
import { isFileSourceClass } from '../config/file-source-options.ts';
import type { ConnectorConfig, PipelineConfig } from '../config/pipeline-config.ts';
import type { ResolvedOptions } from '../config/option.ts';
import { metricTags } from '../config/metric-tag-options.ts';
import { sourceFamily } from '../config/source-family.ts';
import type { ApplyChain } from '../transform/transform-chain.ts';
import type { EnvelopeOptions } from '../envelope/envelope-options.ts';
import { heartbeatTopic, transactionTopic } from '../envelope/topic-naming.ts';
import type { Clock } from '../foundation/clock.ts';
import type { FaultHook } from '../foundation/fault-points.ts';
import type { AlertOutlet } from '../model/alert.ts';
import type { SourceNotification } from '../model/source-notification.ts';
import type { Transport } from '../transport/transport.ts';
import { composeAlerts } from './compose-alerts.ts';
import { composeShapes } from './compose-shapes.ts';
import { composeNotifications, composeSignals } from './compose-signals.ts';
import { composeFileSource, databaseOf } from './compose-file-source.ts';
import { deadLetterTopics, sinkErrorsOf, sourceErrorsOf } from './dead-letter-options.ts';
import { DeadLetterTopic } from './dead-letter-topic.ts';
import { convertersOf, needsGeneralPath } from './converters.ts';
import type { HeldTopics } from './held-topics.ts';
import { HypertableReader } from './hypertable-reader.ts';
import type { Logger } from './logger.ts';
import { Pipeline } from './pipeline.ts';
import type { PipelineStatus } from './pipeline-status.ts';
import { sinkOpening } from './open-sink.ts';
import { topicOptionsOf } from './open-transport.ts';
import { transactionReading } from './transaction-reading.ts';
import { checkVerify, composeVerify } from './compose-verify.ts';
import { pipelineWatch } from './pipeline-watch.ts';
import { plainPartsOf } from './plain-parts.ts';
import { pipelineTransforms } from './pipeline-transforms.ts';
import { publisherLimits } from './publisher-limits.ts';
import { retryOptionsOf } from './restart-policy.ts';
import { SinkRunner } from './sink-runner.ts';
import { sinkConsumption } from './sink-consumption.ts';
import { sinkTopics } from './sink-topics.ts';
import { sinkTransformsOf } from './sink-transforms.ts';
import { envelopeOptionsOf, topicNamingOf } from './source-options.ts';
import { RecordWriter, type RecordWriterParts } from './record-writer.ts';
import { type RowReading, SourceDeadLetters } from './source-dead-letters.ts';
import { SourceHeartbeat } from './source-heartbeat.ts';
import { type MessageParts, SourceMessages } from './source-messages.ts';
import type { LoadedSource, ReadingContext, SourceReading } from './source-reading.ts';
import { loadSource } from './source-reading.ts';
import { SourceSchemaChanges } from './source-schema-changes.ts';
import type { SourceSchemaHistory } from './source-schema-history.ts';
import { SourceStatements } from './source-statements.ts';
import { SourceStatistics } from './source-statistics.ts';
import { sourceRegistry } from './source-registry.ts';
import type { TransactionParts } from './source-transactions.ts';
import { SourceTransactions } from './source-transactions.ts';
import { type SourceRereads, sourceRereads } from './source-rereads.ts';
import { SourcePositions } from './source-positions.ts';
import { SourceTask } from './source-task.ts';
import { conversionWarnings } from './conversion-warnings.ts';
import { TableEncoders } from './table-encoders.ts';
import { TopicRoutes } from './topic-routes.ts';
import { startTransport } from './transport-start.ts';
import { VerifyDesk } from './verify-desk.ts';

/** What a pipeline takes from the process around it; tests put their own in. */
export interface PipelineDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly fault: FaultHook;
  /** Ends the waiting for brokers. */
  readonly signal?: AbortSignal;
  /** Called once it waits for brokers, with what tells how it is. */
  readonly onWaiting?: (status: () => PipelineStatus | null) => void;
  /** How long targets and registries may take to say what becomes of a change; 700 unless given. */
  readonly askingMs?: number;
  /** The caller shows the error that ends the pipeline where the log goes, too. */
  readonly showsFailure?: boolean;
  /** Called when so many records more are durable in the log; for measuring. */
  readonly onDurable?: (records: number) => void;
}

/** A pipeline that is ready to start, and what else the HTTP server has routes for. */
export interface ComposedPipeline {
  readonly pipeline: Pipeline;
  readonly registry: EmbeddedRegistry;
  readonly verifyDesk: VerifyDesk;
}

/** Decoded, a record takes ten times its bytes: what waits is put together (`sink-batches`). */
const SINK_POLL_BYTES = 128 * 1024;
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
  await checkVerify(config);
  // Before the store is opened: modules of the user may refuse to be loaded.
  const hypertables = new HypertableReader(() => databaseOf(source).postgresConnection(), clock);
  const transforms = await pipelineTransforms(config, warningOnce(logger), hypertables);
  const source = isFileSourceClass(config.source.connectorClass) ? null : await loadSource(config);
  const transport = await startTransport(config, dependencies);
  const registry = new EmbeddedRegistry(transport.documents);
  const statistics = new SourceStatistics();
  const around = { transport, registry, statistics, apply: transforms.source };
  const watch = await pipelineWatch(config, dependencies);
  const alerts = composeAlerts(config, transport, dependencies);
  const rereads = source === null ? null : sourceRereads(config, transport, logger);
  const outlet = alerts.engine;
  const tables = source && { source, apply: transforms.source, rereads, outlet };
  const pipeline: Pipeline = new Pipeline({
    name: config.name,
    transport,
    source:
      tables === null
        ? composeFileSource(config, around, topicOptionsOf(config), dependencies)
        : composeSource(config, transport, registry, statistics, tables, dependencies),
    family: source === null ? 'file' : (sourceFamily(config.source.connectorClass) ?? 'postgres'),
    statistics,
    sourceRetry: retryOptionsOf(config.runtime, config.source),
    sinks: config.sinks.map((sink) => ({
      runner: composeSink(
        config,
        sink,
        transport,
        registry,
        transforms.sinks.get(sink.name) ?? null,
        rereads,
        dependencies,
      ),
      retry: retryOptionsOf(config.runtime, sink),
    })),
    shutdownTimeoutMs: config.runtime.number('task.shutdown.graceful.timeout.ms'),
    metricTags: metricTags(config.source.options),
    alerts,
    watch,
    verification: composeVerify(config, transport, () => pipeline, dependencies),
    conditionSources: [watch],
    clock,
    logger,
    showsFailure: dependencies.showsFailure ?? false,
  });
  rereads?.attach(pipeline.source);
  const verifyDesk = new VerifyDesk({
    config,
    transport,
    pipeline: () => pipeline,
    clock,
    logger: logger.child({ task: 'verify' }),
    stopping: dependencies.signal ?? new AbortController().signal,
  });
  return { pipeline, registry, verifyDesk };
}

/** What of the source may have modules of the user in it. */
interface UserParts {
  readonly source: LoadedSource;
  readonly apply: ApplyChain | null;
  /** Where changes of shape are told. */
  readonly outlet: AlertOutlet;
  readonly rereads: SourceRereads | null;
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
  { source, apply, rereads, outlet }: UserParts,
  dependencies: PipelineDependencies,
): SourceTask {
  const { clock, logger, fault, onDurable } = dependencies;
  const envelope = envelopeOptionsOf(config.source);
  const log = { transport, topicOptions: topicOptionsOf(config) };
  const parts = { ...dependencies, ...log };
  const { converters, held, outage } = sourceRegistry(config.source.options, registry, parts);
  const { topicPrefix, naming } = envelope;
  const written = { key: converters.key.converter, value: converters.value.converter };
  const around = { ...log, clock, topicPrefix, topic: heartbeatTopic(topicPrefix, naming) };
  const records = { intervalMs: source.heartbeatIntervalMs, ...around, ...written };
  const positions = new SourcePositions();
  const rows = { envelope, positions: envelope.positionHeader === true ? positions : null };
  const letters = composeSourceLetters(config, rows, transport, dependencies);
  const chain = apply ?? (needsGeneralPath(converters) ? unchanged : null);
  const { transforming, holding } = writersOf({ ...records, held, ...letters }, chain, config.name);
  const heartbeat = { ...records, ...(transforming === null ? {} : { transforming }) };
  const notifications = composeNotifications(config.source.options, heartbeat, rereads, logger);
  const notify = (notification: SourceNotification): void => notifications.tell(notification);
  const writing = { transport, envelope, registry, inner: transforming ?? holding.writer };
  const shaped = composeShapes(config, writing, { ...dependencies, outlet });
  const told = { notify, shapes: shaped.schemaAlerts };
  const reading = composeReading(source, transport, told, dependencies);
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
      log.topicOptions,
      clock,
      transactions,
      conversionWarnings(logger.child({ task: 'source' }), envelope.conversionFailures),
      transforming,
      holding,
      rows.positions,
      shaped.gates.tables,
    ),
    ...shaped,
    positions,
    ...letters,
    held,
    outage,
    transactions,
    notifications,
    signals: composeSignals(config, transport, notify, dependencies),
    heartbeat: heartbeat.intervalMs > 0 ? new SourceHeartbeat(heartbeat) : null,
    messages: composeMessages({ ...heartbeat, envelope, binary: source.binary }, transactions),
    surrender: reading.surrender,
    outlet,
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

function composeReading(
  source: LoadedSource,
  transport: Transport,
  told: Pick<ReadingContext, 'notify' | 'shapes'>,
  { clock, logger }: PipelineDependencies,
): SourceReading {
  const note = (text: string): void => logger.info({ task: 'source' }, text);
  return source.reading({ transport, clock, note, warn: warningOnce(logger), ...told });
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
  rereads: SourceRereads | null,
  dependencies: PipelineDependencies,
): SinkRunner {
  const { clock, logger, fault } = dependencies;
  const ownLogger = logger.child({ task: sink.name });
  const errors = sinkErrorsOf(sink, config.source.options);
  const letters = errors?.letters ?? null;
  const deadLetters =
    letters && new DeadLetterTopic({ ...letters, transport, logger: ownLogger, fault });
  const send = deadLetters?.send ?? null;
  const consumption = sinkConsumption(config, sink);
  const reread = rereads?.for(consumption.group) ?? null;
  const around = { clock, logger: ownLogger, send, fault, reread };
  const { openTask, takesWhole, takesPosition = true } = sinkOpening(config, sink, around);
  // A sink reads what the source of its own pipeline writes.
  const { key, value } = convertersOf(config.source.options, registry);
  const converters = { key: key.converter, value: value.converter };
  const transforms = sinkTransformsOf(sink, apply, takesWhole);
  const topics = sinkTopics(sink.options, config.source.options, deadLetterTopics(config));
  const plain = plainPartsOf(sink);
  const reading = { name: sink.name, topics, transport, converters, transforms, plain, clock };
  return new SinkRunner({
    name: sink.name,
    ...consumption,
    ...transactionReading(config.source, sink.options, { ...reading, logger: ownLogger }),
    topics,
    transport,
    openTask,
    takesWhole,
    kept: {
      failures: errors !== null,
      bytes: deadLetters !== null,
      position: takesPosition,
      plain,
    },
    ...(deadLetters === null ? {} : { deadLetters }),
    ...(errors === null ? {} : { retryTimeoutMs: errors.retryTimeoutMs }),
    retryDelayMaxMs: retryOptionsOf(config.runtime, sink).maxDelayMs,
    converters,
    ...(transforms === null ? {} : { transforms }),
    maxPollBytes: SINK_POLL_BYTES,
    commitIntervalMs: SINK_COMMIT_INTERVAL_MS,
    clock,
    logger: ownLogger,
    fault,
  });
}
