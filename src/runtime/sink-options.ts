import type { ResolvedOptions } from '../config/option.ts';
import type { ConnectorConfig } from '../config/pipeline-config.ts';
import {
  type DeleteMode,
  type InsertMode,
  type MetadataColumn,
  type PrimaryKeyMode,
  SQL_SINK_DEFAULTS,
  type SqlSinkOptions,
} from '../sink/sql/sql-sink-options.ts';
import { defaultSchemaOf } from '../sink/sql/target-product.ts';

/** What differs between the classes: the names of the properties. */
type NamedOptions = Pick<
  SqlSinkOptions,
  | 'primaryKeyMode'
  | 'primaryKeyFields'
  | 'schemaEvolution'
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
  return {
    ...SQL_SINK_DEFAULTS,
    ...(isDebezium ? debeziumOptions(options) : confluentOptions(options, sink.flavour)),
    name: sink.name,
    connectionUrl: options.string('connection.url'),
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { password }),
    insertMode: options.string('insert.mode') as InsertMode,
    deleteEnabled: options.boolean('delete.enabled'),
    deleteMode: options.string('delete.mode') as DeleteMode,
    metadataColumns: [...new Set(options.list('metadata.columns'))] as MetadataColumn[],
    truncateEnabled: options.boolean('truncate.enabled'),
    defaultSchema: options.optionalString('default.schema') ?? schema,
    offsetsSchema: options.optionalString('offsets.schema') ?? schema,
    batchRows: options.number('batch.size'),
  };
}

function confluentOptions(
  options: ResolvedOptions,
  flavour: ConnectorConfig['flavour'],
): NamedOptions {
  return {
    primaryKeyMode: options.string('pk.mode') as PrimaryKeyMode,
    primaryKeyFields: options.list('pk.fields'),
    schemaEvolution: {
      create: options.boolean('auto.create'),
      evolve: options.boolean('auto.evolve'),
    },
    tableNameFormat: options.string('table.name.format'),
    topicDots: flavour === 'confluent' ? 'qualify' : 'underscore',
    quoteIdentifiers: options.string('quote.sql.identifiers') === 'always',
  };
}

function debeziumOptions(options: ResolvedOptions): NamedOptions {
  const evolves = options.string('schema.evolution') === 'basic';
  return {
    primaryKeyMode: options.string('primary.key.mode') as PrimaryKeyMode,
    primaryKeyFields: options.list('primary.key.fields'),
    schemaEvolution: { create: evolves, evolve: evolves },
    tableNameFormat: options.string('collection.name.format'),
    topicDots: 'underscore',
    quoteIdentifiers: options.boolean('quote.identifiers'),
  };
}
