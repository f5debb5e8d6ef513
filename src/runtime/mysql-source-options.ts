import type { MysqlValueModes } from '../../dialects/mysql/mysql-value-modes.ts';
import { columnMaskRules } from '../config/column-mask-options.ts';
import type { ResolvedOptions } from '../config/option.ts';
import type { ConnectorConfig } from '../config/pipeline-config.ts';
import { historyTopicOf } from '../config/schema-history-options.ts';
import { serverAddresses, splitStatements } from '../config/source-connection-options.ts';
import { sourceFamily } from '../config/source-family.ts';
import { parseMessageKeys } from '../config/source-shaping-options.ts';
import { BASED, modeOfConfiguration } from '../config/source-snapshot-options.ts';
import { must } from '../foundation/assert.ts';
import type {
  MysqlConnectionOptions,
  MysqlSslMode,
} from '../source/mysql/mysql-connection-options.ts';
import type {
  GtidSourceOptions,
  MysqlLockingMode,
  MysqlSnapshotMode,
  MysqlSourceOptions,
  SchemaHistoryOptions,
} from '../source/mysql/mysql-source-options.ts';
import { pemText, skippedOperations, tableLimitOf } from './source-options.ts';
import { snapshotOptionsOf, tablesOf } from './source-snapshot-options.ts';

const HISTORY = 'schema.history.internal';

/** What a source of binlogs is told, from its properties. Throws CONFIG_FILE for PEM files. */
export function mysqlSourceOptionsOf(source: ConnectorConfig): MysqlSourceOptions {
  const { options, connectorClass } = source;
  const messageKeys = options.optionalString('message.key.columns');
  const [, ...alternatives] = serverAddresses(options);
  return {
    family: sourceFamily(connectorClass) === 'mariadb' ? 'mariadb' : 'mysql',
    connection: connectionOf(options),
    alternatives,
    topicPrefix: options.string('topic.prefix'),
    serverId: options.optionalNumber('database.server.id'),
    databaseInclude: options.patterns('database.include.list'),
    databaseExclude: options.patterns('database.exclude.list'),
    tableInclude: tablesOf(options),
    tableExclude: options.patterns('table.exclude.list'),
    columnInclude: options.patterns('column.include.list'),
    columnExclude: options.patterns('column.exclude.list'),
    messageKeys: messageKeys === undefined ? [] : (parseMessageKeys(messageKeys) ?? []),
    masks: columnMaskRules(options),
    propagateSourceType: options.patterns('column.propagate.source.type'),
    propagateDatatype: options.patterns('datatype.propagate.source.type'),
    // Records of the original's class have the original's parameters.
    ownParameters: source.flavour !== 'debezium',
    defaults: options.string('default.value.mode') as 'exact' | 'debezium',
    valueModes: valueModesOf(options),
    skippedOperations: skippedOperations(options),
    includeQuery: options.boolean('include.query'),
    gtidSources: gtidSourcesOf(options),
    history: historyOf(options),
    tableLimit: tableLimitOf(options),
    snapshotMode: snapshotModeOf(options),
    lockingMode: options.string('snapshot.locking.mode') as MysqlLockingMode,
    snapshotMaxThreads: options.number('snapshot.max.threads'),
    snapshotLockTimeoutMs: options.number('snapshot.lock.timeout.ms'),
    snapshots: {
      ...snapshotOptionsOf(options),
      ddlRewrites: options.string('ddl.rewrites') as 'snapshot' | 'warn',
    },
    keepAliveIntervalMs: options.number('connect.keep.alive.interval.ms'),
    netWriteTimeoutSeconds: options.number('binlog.net.write.timeout'),
    heartbeatIntervalMs: options.number('heartbeat.interval.ms'),
    heartbeatActionQuery: options.optionalString('heartbeat.action.query'),
  };
}

function connectionOf(options: ResolvedOptions): MysqlConnectionOptions {
  const [first] = serverAddresses(options);
  return {
    ...must(first, 'database.hostname is required'),
    user: options.string('database.user'),
    password: options.optionalString('database.password'),
    sslMode: options.string('database.ssl.mode') as MysqlSslMode,
    sslRootCert: pemText(options, 'database.ssl.ca'),
    sslCert: pemText(options, 'database.ssl.cert'),
    sslKey: pemText(options, 'database.ssl.key'),
    sslPassword: options.optionalString('database.ssl.key.password'),
    connectTimeoutMs: options.number('connect.timeout.ms'),
    queryTimeoutMs: options.number('database.query.timeout.ms'),
    initialStatements: splitStatements(options.optionalString('database.initial.statements') ?? ''),
  };
}

function valueModesOf(options: ResolvedOptions): MysqlValueModes {
  return {
    decimal: options.string('decimal.handling.mode') as MysqlValueModes['decimal'],
    timePrecision: options.string('time.precision.mode') as MysqlValueModes['timePrecision'],
    binary: options.string('binary.handling.mode') as MysqlValueModes['binary'],
    bigintUnsigned: options.string(
      'bigint.unsigned.handling.mode',
    ) as MysqlValueModes['bigintUnsigned'],
    tinyIntOne: options.string('tinyint.one.handling.mode') as MysqlValueModes['tinyIntOne'],
    dates: {
      zero: options.string('zero.date.handling.mode') as MysqlValueModes['dates']['zero'],
      adjustYears: options.boolean('enable.time.adjuster'),
    },
    release: options.optionalString('compat') === 'debezium-3.7' ? '3.7' : '3.6',
  };
}

function gtidSourcesOf(options: ResolvedOptions): GtidSourceOptions {
  return {
    includes: options.patterns('gtid.source.includes'),
    excludes: options.patterns('gtid.source.excludes'),
    filtersRows: options.boolean('gtid.source.filter.dml.events'),
    ignored: options.boolean('gtid.ignore.on.recovery'),
  };
}

function historyOf(options: ResolvedOptions): SchemaHistoryOptions {
  return {
    topic: must(historyTopicOf(options), 'binlogs need a history'),
    capturedTablesOnly: options.boolean(`${HISTORY}.store.only.captured.tables.ddl`),
    capturedDatabasesOnly: options.boolean(`${HISTORY}.store.only.captured.databases.ddl`),
    ddlFilter: options.patterns(`${HISTORY}.ddl.filter`),
    recoversLost: recoversHistory(options),
    includeComments: options.boolean('include.schema.comments'),
  };
}

/** A history that is lost may be a reason to read the shapes again, a purged position for all. */
function snapshotModeOf(options: ResolvedOptions): MysqlSnapshotMode {
  const mode = options.string('snapshot.mode');
  return mode === 'configuration_based'
    ? modeOfConfiguration(options)
    : (mode as MysqlSnapshotMode);
}

function recoversHistory(options: ResolvedOptions): boolean {
  const mode = options.string('snapshot.mode');
  if (mode !== 'configuration_based') return mode === 'recovery';
  return options.boolean(`${BASED}.snapshot.on.schema.error`);
}
