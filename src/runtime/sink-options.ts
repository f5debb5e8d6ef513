import { driverProperties } from '../config/jdbc-sink-connection-options.ts';
import { sinkZone } from '../config/jdbc-sink-field-options.ts';
import type { ResolvedOptions } from '../config/option.ts';
import { keepsTransactions } from '../config/sink-transaction-options.ts';
import type { ConnectorConfig } from '../config/pipeline-config.ts';
import { parkModeOf } from '../config/sink-error-options.ts';
import type { ParkMode } from '../model/dead-letter.ts';
import type { MetadataColumn } from '../sink/change-metadata.ts';
import { withParameters } from '../sink/sql/connection-url.ts';
import type { FieldSelection } from '../sink/sql/field-selection.ts';
import { fieldEntry } from '../sink/sql/field-selection.ts';
import {
  type DeleteMode,
  type EvolutionPolicy,
  type InsertMode,
  type PrimaryKeyMode,
  type SinkZones,
  SQL_SINK_DEFAULTS,
  type SqlSinkOptions,
  type TimestampFields,
  type WriteMode,
} from '../sink/sql/sql-sink-options.ts';
import { isDuckdbUrl } from '../sink/sql/duckdb-url.ts';
import { isSqliteUrl } from '../sink/sql/sqlite-url.ts';
import { defaultSchemaOf } from '../sink/sql/target-product.ts';

/** What differs between the classes: the names of the properties. */
type NamedOptions = Pick<
  SqlSinkOptions,
  | 'primaryKeyMode'
  | 'primaryKeyFields'
  | 'schemaEvolution'
  | 'requiredTopics'
  | 'timestampFields'
  | 'zones'
  | 'tableNameFormat'
  | 'topicDots'
  | 'quoteIdentifiers'
>;

/** What a SQL sink is told, from its properties. */
export function sinkOptionsOf(sink: ConnectorConfig): SqlSinkOptions {
  const { options } = sink;
  const isDebezium = sink.flavour === 'debezium';
  const user = options.optionalString(isDebezium ? 'connection.username' : 'connection.user');
  const password = options.optionalString('connection.password');
  const schema = defaultSchemaOf(options.string('connection.url'));
  const named = isDebezium ? debeziumOptions(options) : confluentOptions(options, sink.flavour);
  return {
    ...SQL_SINK_DEFAULTS,
    ...named,
    ...(isSqliteUrl(options.string('connection.url')) ? withoutSchemas(named) : {}),
    name: sink.name,
    connectionUrl: withParameters(options.string('connection.url'), driverProperties(options)),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    writeMode: options.string('write.mode') as WriteMode,
    positionGuard: options.boolean('position.guard'),
    tombstoneRetentionMs: options.number('position.guard.tombstones.retention.ms'),
    historyNameFormat: options.string('history.name.format'),
    insertMode: options.string('insert.mode') as InsertMode,
    fields: fieldSelectionOf(options),
    nullsAsDefaults: options.boolean('replace.null.with.default'),
    deleteEnabled: options.boolean('delete.enabled'),
    deleteMode: options.string('delete.mode') as DeleteMode,
    metadataColumns: [...new Set(options.list('metadata.columns'))] as MetadataColumn[],
    wholePuts: keepsTransactions(options),
    truncateEnabled: options.boolean('truncate.enabled'),
    park: parkModeOf(options, sink.flavour === 'tidemark' ? 'tidemark' : 'connect') as ParkMode,
    parkedKeysMax: options.number('errors.park.keys.max'),
    uniqueWaitMs: options.number('errors.unique.wait.ms'),
    defaultSchema: options.optionalString('default.schema') ?? schema,
    offsetsSchema: options.optionalString('offsets.schema') ?? schema,
    batchRows: options.number('batch.size'),
  };
}

/** `tasks.max`: how many tasks of the SQL sink share its topics. A file has one writer. */
export function sqlSinkTasks({ options }: ConnectorConfig): number {
  const url = options.string('connection.url');
  return isSqliteUrl(url) || isDuckdbUrl(url) ? 1 : options.number('tasks.max');
}

/** Names in a SQLite file, which has no schemas: what names one by default is the table's alone. */
function withoutSchemas({ tableNameFormat }: NamedOptions): Partial<SqlSinkOptions> {
  const isDefault = tableNameFormat === SQL_SINK_DEFAULTS.tableNameFormat;
  return {
    topicDots: 'underscore',
    ...(isDefault ? { tableNameFormat: '${source.table}', tablePerTopic: true } : {}),
  };
}

/** Keys of headers are the records' own when the sink gets them (`header-keys.ts`). */
function keyModeOf(mode: string): PrimaryKeyMode {
  return mode === 'record_header' ? 'record_key' : (mode as PrimaryKeyMode);
}

function policyOf(options: ResolvedOptions): EvolutionPolicy {
  return options.string('schema.evolution.policy') as EvolutionPolicy;
}

function confluentOptions(
  options: ResolvedOptions,
  flavour: ConnectorConfig['flavour'],
): NamedOptions {
  return {
    primaryKeyMode: keyModeOf(options.string('pk.mode')),
    primaryKeyFields: options.list('pk.fields'),
    schemaEvolution: {
      create: options.boolean('auto.create'),
      evolve: options.boolean('auto.evolve'),
      policy: policyOf(options),
    },
    requiredTopics: [],
    timestampFields: timestampFieldsOf(options),
    zones: zonesOf(options),
    tableNameFormat: options.string('table.name.format'),
    topicDots: flavour === 'confluent' ? 'qualify' : 'underscore',
    quoteIdentifiers: options.string('quote.sql.identifiers') === 'always',
  };
}

function debeziumOptions(options: ResolvedOptions): NamedOptions {
  const evolution = options.string('schema.evolution');
  const evolves = evolution === 'basic';
  // Behind transforms a topic may have any name.
  const isPassedThrough = options.string('collection.naming.strategy') === 'passthrough';
  const isKnown = evolution === 'none-validated' && options.list('transforms').length === 0;
  return {
    primaryKeyMode: keyModeOf(options.string('primary.key.mode')),
    primaryKeyFields: options.list('primary.key.fields'),
    schemaEvolution: { create: evolves, evolve: evolves, policy: policyOf(options) },
    requiredTopics: isKnown ? options.list('topics') : [],
    timestampFields: null,
    zones: { ...SQL_SINK_DEFAULTS.zones, zoned: sinkZone(options.string('use.time.zone')) },
    tableNameFormat: options.string('collection.name.format'),
    topicDots: isPassedThrough ? 'qualify' : 'underscore',
    quoteIdentifiers: options.boolean('quote.identifiers'),
  };
}

/** Rules have seen to it that one of the lists is given at most. */
function fieldSelectionOf(options: ResolvedOptions): FieldSelection | null {
  const whitelist = options.list('fields.whitelist');
  const include = options.list('field.include.list');
  const exclude = options.list('field.exclude.list');
  if (exclude.length > 0) return { kind: 'exclude', entries: exclude.map(fieldEntry) };
  const entries = [
    ...whitelist.map((field) => ({ topic: null, field })),
    ...include.map(fieldEntry),
  ];
  return entries.length === 0 ? null : { kind: 'include', entries };
}

function timestampFieldsOf(options: ResolvedOptions): TimestampFields | null {
  const names = options.list('timestamp.fields.list');
  const unit = options.string('timestamp.precision.mode') as TimestampFields['unit'];
  return names.length === 0 ? null : { names, unit };
}

function zonesOf(options: ResolvedOptions): SinkZones {
  const times = sinkZone(options.string('db.timezone'));
  const dates = options.string('date.timezone') === 'utc' ? null : times;
  return { times, dates, zoned: null };
}
