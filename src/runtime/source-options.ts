import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ValueModes } from '../../dialects/postgres/postgres-value-modes.ts';
import { columnMaskRules } from '../config/column-mask-options.ts';
import { healsGaps } from '../config/last-stage-options.ts';
import type { ResolvedOptions } from '../config/option.ts';
import type { ConnectorConfig } from '../config/pipeline-config.ts';
import { serverAddresses, splitStatements } from '../config/source-connection-options.ts';
import { parseReplicaIdentities } from '../config/postgres-guard-options.ts';
import { parseMessageKeys } from '../config/source-shaping-options.ts';
import { sourceFamily } from '../config/source-family.ts';
import { isRegexNaming, replacedName } from '../config/topic-naming-options.ts';
import { signalTopicOf } from '../config/signal-options.ts';
import { contextHeaders } from '../envelope/context-headers.ts';
import type { EnvelopeOptions } from '../envelope/envelope-options.ts';
import type { ConversionFailures } from '../envelope/unconverted.ts';
import type { NameAdjustment } from '../envelope/schema-name-adjustment.ts';
import type { TopicNaming, TopicRouting } from '../envelope/topic-naming.ts';
import { must } from '../foundation/assert.ts';
import { TidemarkError } from '../foundation/errors.ts';
import type {
  DefaultValueMode,
  GeneratedColumns,
  LsnFlushMode,
  MismatchStrategy,
  PostgresConnectionOptions,
  PostgresSourceOptions,
  PublicationAutocreateMode,
  SkippedOperation,
  SslMode,
  TableLimit,
  TargetSessionAttrs,
} from '../source/postgres/postgres-source-options.ts';
import { PRODUCT_VERSION } from './product-version.ts';
import { snapshotModeOf, snapshotOptionsOf, tablesOf } from './source-snapshot-options.ts';

/** Old transactions may hold up the creation of a slot; Debezium waits as long (FEATURES A1.1). */
const SLOT_CREATE_TIMEOUT_MS = 90_000;

/** What `source.version` says under `compat`. */
const DEBEZIUM_VERSION: Readonly<Record<string, string>> = {
  'debezium-3.6': '3.6.0.Final',
  'debezium-3.7': '3.7.0.Final',
};

/** What the PostgreSQL source is told, from its properties. Throws CONFIG_FILE for PEM files. */
export function sourceOptionsOf(source: ConnectorConfig): PostgresSourceOptions {
  const { options } = source;
  const topicPrefix = options.string('topic.prefix');
  const ownName = ownNameFor(topicPrefix);
  const messageKeys = options.optionalString('message.key.columns');
  return {
    connection: connectionOptionsOf(options),
    topicPrefix,
    slotName: options.optionalString('slot.name') ?? ownName,
    slotDropOnStop: options.boolean('slot.drop.on.stop'),
    slotFailover: options.boolean('slot.failover'),
    healsGaps: healsGaps(options),
    slotMaxRetries: options.number('slot.max.retries'),
    slotRetryDelayMs: options.number('slot.retry.delay.ms'),
    offsetMismatchStrategy: options.string('offset.mismatch.strategy') as MismatchStrategy,
    lsnFlushMode: options.string('lsn.flush.mode') as LsnFlushMode,
    tableLimit: tableLimitOf(options),
    slotStreamParams: streamParams(options.optionalString('slot.stream.params') ?? ''),
    slotTwoPhase: options.boolean('slot.two.phase'),
    largeTransactionMode: options.string('large.transaction.mode') as 'spool' | 'server',
    largeTransactionBytes: options.number('large.transaction.bytes'),
    publicationName: options.optionalString('publication.name') ?? ownName,
    publicationAutocreateMode: options.string(
      'publication.autocreate.mode',
    ) as PublicationAutocreateMode,
    publishViaPartitionRoot: options.boolean('publish.via.partition.root'),
    replicaIdentities:
      parseReplicaIdentities(options.optionalString('replica.identity.autoset.values') ?? '') ?? [],
    publishGeneratedColumns: options.optionalString('publish.generated.columns') as
      GeneratedColumns | undefined,
    schemaInclude: options.patterns('schema.include.list'),
    schemaExclude: options.patterns('schema.exclude.list'),
    tableInclude: tablesOf(options),
    tableExclude: options.patterns('table.exclude.list'),
    columnInclude: options.patterns('column.include.list'),
    columnExclude: options.patterns('column.exclude.list'),
    messageKeyColumns: messageKeys === undefined ? [] : (parseMessageKeys(messageKeys) ?? []),
    keepsKey: source.flavour === 'debezium',
    columnMasks: columnMaskRules(options),
    propagateSourceType: options.patterns('column.propagate.source.type'),
    propagateDatatype: options.patterns('datatype.propagate.source.type'),
    // Records of the original's class have the original's parameters.
    ownParameters: source.flavour !== 'debezium',
    messageInclude: options.patterns('message.prefix.include.list'),
    messageExclude: options.patterns('message.prefix.exclude.list'),
    skippedOperations: skippedOperations(options),
    publishSkipped: options.boolean('provide.transaction.metadata'),
    valueModes: valueModesOf(options),
    defaults: options.string('default.value.mode') as DefaultValueMode,
    snapshotMode: snapshotModeOf(options),
    snapshotMaxThreads: options.number('snapshot.max.threads'),
    snapshotLockTimeoutMs: options.number('snapshot.lock.timeout.ms'),
    snapshots: snapshotOptionsOf(options),
    slotCreateTimeoutMs: SLOT_CREATE_TIMEOUT_MS,
    statusUpdateIntervalMs: options.number('status.update.interval.ms'),
    xminFetchIntervalMs: options.number('xmin.fetch.interval.ms'),
    heartbeatIntervalMs: options.number('heartbeat.interval.ms'),
    heartbeatActionQuery: options.optionalString('heartbeat.action.query'),
  };
}

/** How topics are named, from the source's properties. */
export function topicNamingOf(options: ResolvedOptions): TopicNaming {
  const strategy = options.string('topic.naming.strategy');
  const heartbeatName = options.optionalString('topic.heartbeat.name');
  const taken = takenTopics(options);
  return {
    delimiter: options.string('topic.delimiter'),
    withSchema: !strategy.startsWith('table'),
    forbidden: strategy.endsWith('unicode') ? 'unicode' : 'underscore',
    ...(isRegexNaming(options) ? { routing: routingOf(options) } : {}),
    heartbeatPrefix: options.string('topic.heartbeat.prefix'),
    ...(heartbeatName === undefined ? {} : { heartbeatName }),
    transaction: options.string('topic.transaction'),
    ...(taken.length === 0 ? {} : { taken }),
  };
}

function takenTopics(options: ResolvedOptions): readonly string[] {
  const notices = options.optionalString('notification.sink.topic.name');
  const isOn = (channels: string, name: string): boolean => options.list(channels).includes(name);
  return [
    ...(isOn('signal.enabled.channels', 'kafka') ? [signalTopicOf(options)] : []),
    ...(isOn('notification.enabled.channels', 'sink') && notices !== undefined ? [notices] : []),
  ];
}

function routingOf(options: ResolvedOptions): TopicRouting {
  const key = {
    field: options.string('topic.key.field.name'),
    identifier: replacedName(options, 'topic.key.field.regex', 'topic.key.field.replacement'),
  };
  return {
    rename: replacedName(options, 'topic.regex', 'topic.replacement'),
    key: options.boolean('topic.key.enforce.uniqueness') ? key : null,
  };
}

/** What shapes the records, from the source's properties. */
export function envelopeOptionsOf(source: ConnectorConfig): EnvelopeOptions {
  const { options } = source;
  const connector = connectorOf(source);
  const compat = options.optionalString('compat');
  const topicPrefix = options.string('topic.prefix');
  const headers = options.boolean('extended.headers.enabled')
    ? {
        contextHeaders: contextHeaders({
          logicalName: topicPrefix,
          connector,
          taskId: '0',
          runId: randomUUID(),
        }),
      }
    : {};
  return {
    topicPrefix,
    connector,
    version: DEBEZIUM_VERSION[compat ?? ''] ?? PRODUCT_VERSION,
    database: options.optionalString('database.dbname') ?? '',
    tombstonesOnDelete: options.boolean('tombstones.on.delete'),
    unavailableValuePlaceholder: placeholderOf(options.string('unavailable.value.placeholder')),
    skipped: new Set(skippedOperations(options)),
    skipUnchanged: options.boolean('skip.messages.without.change'),
    naming: topicNamingOf(options),
    skipTruncates: skippedOperations(options).includes('t'),
    absentHeader: compat === undefined,
    positionHeader: compat === undefined && options.boolean('position.header'),
    leavesDefaults: source.flavour === 'debezium',
    keyTellsSourceType: source.flavour !== 'debezium',
    conversionFailures: options.string(
      'event.converting.failure.handling.mode',
    ) as ConversionFailures,
    schemaNameAdjustment: options.string('schema.name.adjustment.mode') as NameAdjustment,
    fieldNameAdjustment: options.string('field.name.adjustment.mode') as NameAdjustment,
    ...headers,
  };
}

/** source.connector */
function connectorOf({ connectorClass }: ConnectorConfig): EnvelopeOptions['connector'] {
  const family = sourceFamily(connectorClass) ?? 'postgres';
  return family === 'postgres' ? 'postgresql' : family;
}

/** `hex:` and an even number of digits: the bytes of the text, as in the original. */
function placeholderOf(text: string): string {
  const match = /^hex:((?:[0-9a-f]{2})+)$/i.exec(text);
  return match === null ? text : Buffer.from(match[1] as string, 'hex').toString('utf8');
}

/** Slot and publication of our short class: one pair for each source, so that none is shared. */
function ownNameFor(topicPrefix: string): string {
  return `tidemark_${topicPrefix.toLowerCase().replaceAll(/[^a-z0-9_]/g, '_')}`.slice(0, 63);
}

/** Of guardrail.collections.*; undefined: any number of tables. */
export function tableLimitOf(options: ResolvedOptions): TableLimit | undefined {
  const most = options.number('guardrail.collections.max');
  if (most === 0) return undefined;
  return { most, refuse: options.string('guardrail.collections.limit.action') === 'fail' };
}

function connectionOptionsOf(options: ResolvedOptions): PostgresConnectionOptions {
  const [first, ...alternatives] = serverAddresses(options);
  return {
    ...must(first, 'database.hostname is required'),
    alternatives,
    targetSessionAttrs: options.optionalString('database.target.session.attrs') as
      TargetSessionAttrs | undefined,
    user: options.string('database.user'),
    password: options.optionalString('database.password'),
    database: options.string('database.dbname'),
    sslMode: options.string('database.sslmode') as SslMode,
    sslRootCert: pemText(options, 'database.sslrootcert'),
    sslCert: pemText(options, 'database.sslcert'),
    sslKey: pemText(options, 'database.sslkey'),
    sslPassword: options.optionalString('database.sslpassword'),
    initialStatements: splitStatements(options.optionalString('database.initial.statements') ?? ''),
    connectTimeoutMs: options.number('connection.validation.timeout.ms'),
    queryTimeoutMs: options.number('database.query.timeout.ms'),
  };
}

/** The text of a file that a property names. Throws CONFIG_FILE. */
export function pemText(options: ResolvedOptions, name: string): string | undefined {
  const file = options.optionalString(name);
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new TidemarkError('CONFIG_FILE', `source: ${name}: ${file} cannot be read (${reason})`, {
      cause: error,
    });
  }
}

function valueModesOf(options: ResolvedOptions): ValueModes {
  return {
    decimal: options.string('decimal.handling.mode') as ValueModes['decimal'],
    timePrecision: options.string('time.precision.mode') as ValueModes['timePrecision'],
    binary: options.string('binary.handling.mode') as ValueModes['binary'],
    interval: options.string('interval.handling.mode') as ValueModes['interval'],
    hstore: options.string('hstore.handling.mode') as ValueModes['hstore'],
    moneyFractionDigits: options.number('money.fraction.digits'),
    includeUnknown: options.boolean('include.unknown.datatypes'),
    bitVarying: options.string('bit.varying.handling.mode') as ValueModes['bitVarying'],
    arrays: options.string('array.handling.mode') as ValueModes['arrays'],
    enumElementsOptional: options.boolean('array.enum.elements.optional'),
    values: options.string('value.mode') as ValueModes['values'],
    release: options.optionalString('compat') === 'debezium-3.7' ? '3.7' : '3.6',
  };
}

/** Operations without records (skipped.operations). */
export function skippedOperations(options: ResolvedOptions): readonly SkippedOperation[] {
  const operations = options.list('skipped.operations');
  return operations.filter((operation) => operation !== 'none') as readonly SkippedOperation[];
}

function streamParams(text: string): readonly (readonly [string, string])[] {
  return text
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const at = part.indexOf('=');
      return [part.slice(0, at), part.slice(at + 1)] as const;
    });
}
