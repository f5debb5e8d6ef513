import { SINK_CONNECTOR_OPTIONS } from './connector-options.ts';
import { EVOLUTION_POLICY } from './evolution-policy.ts';
import { DRIVER_PROPERTIES, retryAliases } from './jdbc-sink-connection-options.ts';
import {
  FIELD_LIST_OPTIONS,
  FIELD_WHITELIST,
  TIME_OPTIONS,
  USE_TIME_ZONE,
} from './jdbc-sink-field-options.ts';
import { HISTORY_OPTIONS } from './jdbc-sink-history-options.ts';
import { NAMING_STRATEGY_OPTIONS } from './jdbc-sink-naming-options.ts';
import { METADATA_OPTION } from './metadata-columns.ts';
import type { EnumType, Option } from './option.ts';
import { acceptedOptions, refusedOptions, withDefaults } from './option-table.ts';
import { CONNECT_SINK_ERROR_DEFAULTS, SINK_ERROR_OPTIONS } from './sink-error-options.ts';
import { SINK_TRANSACTION_OPTIONS } from './sink-transaction-options.ts';
import { renamedTo } from './source-unused-options.ts';

/** Names of the classes: ours with safe defaults, and the Java ones with their own. */
export const JDBC_SINK_CLASSES = [
  'jdbc',
  'postgres',
  'mysql',
  'mariadb',
  'sqlite',
  'duckdb',
] as const;
export const CONFLUENT_JDBC_SINK_CLASS = 'io.confluent.connect.jdbc.JdbcSinkConnector';
export const DEBEZIUM_JDBC_SINK_CLASS = 'io.debezium.connector.jdbc.JdbcSinkConnector';

const KEY_MODES: EnumType = {
  kind: 'enum',
  values: ['record_key', 'record_value', 'record_header', 'kafka', 'none'],
};

const KEY_MODE_DOC =
  'Where the primary key of the target comes from. `record_header`: headers that are whole ' +
  'numbers are BIGINT, others text. `kafka`: topic, partition and offset in the log, so that ' +
  'each change is a row of its own.';
const KEY_FIELDS_DOC =
  'Fields that form the key; all fields of the record key, or all headers, when absent. With ' +
  '`kafka` the names of its three columns, else `__connect_topic`, `__connect_partition`, ' +
  '`__connect_offset`.';

const TASKS_MAX: Option = {
  name: 'tasks.max',
  type: { kind: 'int', min: 1, max: 64 },
  default: '1',
  doc:
    'Tables that are written side by side, each over a connection of its own: for targets that ' +
    'are far away or have processors to spare. Only the order within a topic is kept then, so ' +
    'foreign keys between the tables have to be deferred or gone. A file has one.',
};

const COMMON: readonly Option[] = [
  {
    name: 'connector.class',
    type: { kind: 'string' },
    required: true,
    doc:
      '`jdbc`, or equally `postgres`, `mysql`, `mariadb`, `sqlite`, `duckdb` (safe defaults), or ' +
      'a Java class name (its defaults).',
  },
  {
    name: 'connection.url',
    type: { kind: 'string' },
    required: true,
    // The URL may hold a password.
    secret: true,
    doc:
      'Target: `postgres://host:port/database`, `mysql://…` or `mariadb://…`, ' +
      '`sqlite:/path/file.db`, `duckdb:/path/file.db?threads=2&memory_limit=1GB`, each also as a ' +
      '`jdbc:` URL. TLS: parameters `sslmode`, ' +
      '`sslrootcert`, `sslcert`, `sslkey`, as of libpq; ' +
      'of MySQL and MariaDB `ssl-mode`, `ssl-ca`, `ssl-cert`, `ssl-key`, or what Java drivers ' +
      'have (`sslMode`, `useSSL`, `serverSslCert`).',
  },
  {
    name: 'connection.password',
    type: { kind: 'string' },
    secret: true,
    doc: 'Password of the role; wins over the one in the URL.',
  },
  ...HISTORY_OPTIONS,
  {
    name: 'insert.mode',
    type: {
      kind: 'enum',
      values: ['upsert', 'insert', 'update'],
      refused: { multi: 'use insert, which always writes several rows at once' },
    },
    default: 'upsert',
    doc: 'How rows are written.',
  },
  {
    name: 'delete.enabled',
    type: { kind: 'boolean' },
    default: 'true',
    doc: 'Deletes of the source delete in the target. Needs a key.',
  },
  {
    name: 'delete.mode',
    type: { kind: 'enum', values: ['hard', 'soft'] },
    default: 'hard',
    doc:
      'What a delete or truncate of the source does: `hard` removes the row, `soft` keeps it, ' +
      'with `_deleted` true and the time in `_deleted_at`, until a row of that key comes again.',
  },
  METADATA_OPTION,
  {
    name: 'truncate.enabled',
    type: { kind: 'boolean' },
    default: 'true',
    doc: 'TRUNCATE of the source empties the table in the target.',
  },
  {
    name: 'replace.null.with.default',
    type: { kind: 'boolean' },
    default: 'false',
    doc: 'A null of a field that has a default is written as that default.',
  },
  {
    name: 'batch.size',
    type: { kind: 'int', min: 1, max: 100_000 },
    default: '5000',
    doc: 'Rows of one statement at most.',
  },
  {
    name: 'offsets.schema',
    type: { kind: 'string' },
    doc:
      'Schema in the target of the tables that hold the log offsets: `public`; in MySQL and ' +
      "MariaDB the database of the URL; in SQLite only `main`, which is DuckDB's own too.",
  },
  {
    name: 'default.schema',
    type: { kind: 'string' },
    doc:
      'Schema in the target of tables whose name format has none: `public`; in MySQL and MariaDB ' +
      "the database of the URL; in SQLite only `main`, which is DuckDB's own too.",
  },
  EVOLUTION_POLICY,
  ...SINK_TRANSACTION_OPTIONS,
  ...SINK_CONNECTOR_OPTIONS.filter(({ name }) => name !== TASKS_MAX.name),
  TASKS_MAX,
  ...SINK_ERROR_OPTIONS,
];

const SHARED_UNUSED: readonly Option[] = [
  ...acceptedOptions({
    'dialect.name': 'the dialect follows from connection.url',
    'table.types': 'only tables are written',
    'trim.sensitive.log': 'row values are never logged',
    'connection.attempts': 'errors.max.retries decides',
    'connection.backoff.ms': 'errors.retry.delay.initial.ms and …max.ms decide',
  }),
];

const CONFLUENT_TABLE: readonly Option[] = [
  ...COMMON,
  {
    name: 'connection.user',
    type: { kind: 'string' },
    doc: 'Role in the target; wins over the one in the URL.',
  },
  { name: 'pk.mode', type: KEY_MODES, default: 'record_key', doc: KEY_MODE_DOC },
  { name: 'pk.fields', type: { kind: 'list' }, doc: KEY_FIELDS_DOC },
  FIELD_WHITELIST,
  ...TIME_OPTIONS,
  {
    name: 'auto.create',
    type: { kind: 'boolean' },
    default: 'true',
    doc: 'Create missing tables, with the column types of the source.',
  },
  {
    name: 'auto.evolve',
    type: { kind: 'boolean' },
    default: 'true',
    doc: 'Add missing columns, widen types and relax NOT NULL where the source did.',
  },
  {
    name: 'table.name.format',
    type: { kind: 'string' },
    default: '${source.schema}.${source.table}',
    doc:
      'Name of the target table: `${topic}`, `${source.<field>}`; a dot parts schema and table. ' +
      'In MySQL and MariaDB a schema is a database: `${source.table}` puts all tables into that ' +
      'of the URL. In SQLite, which has no schemas, it is `${source.table}` by default.',
  },
  {
    name: 'quote.sql.identifiers',
    type: { kind: 'enum', values: ['always', 'never'] },
    default: 'always',
    doc: 'Names in the target keep their case (always) or are folded to lower case (never).',
  },
  DRIVER_PROPERTIES,
  ...retryAliases('max.retries', 'retry.backoff.ms'),
  ...acceptedOptions({
    'mssql.use.merge.holdlock': 'the target is not SQL Server',
    'date.calendar.system': 'dates are proleptic Gregorian',
  }),
  {
    name: 'string.output.value.column.name',
    type: { kind: 'string' },
    doc: 'The column of values that are plain texts: each is a row. Absent: such are no rows.',
  },
  ...SHARED_UNUSED,
];

/** Options of our short class names: Confluent's names, and what is safe by default. */
export const JDBC_SINK_OPTIONS: readonly Option[] = [
  ...CONFLUENT_TABLE,
  ...FIELD_LIST_OPTIONS,
  ...refusedOptions({
    'connection.username': 'its name here is connection.user',
    'primary.key.mode': 'its name here is pk.mode',
    'primary.key.fields': 'its name here is pk.fields',
    'schema.evolution': 'the names here are auto.create and auto.evolve',
    'collection.name.format': 'its name here is table.name.format',
    'quote.identifiers': 'its name here is quote.sql.identifiers',
  }),
];

export const CONFLUENT_JDBC_SINK_DEFAULTS: Readonly<Record<string, string>> = {
  ...CONNECT_SINK_ERROR_DEFAULTS,
  'insert.mode': 'insert',
  'delete.enabled': 'false',
  'truncate.enabled': 'false',
  'replace.null.with.default': 'true',
  'date.timezone': 'db_timezone',
  'pk.mode': 'none',
  'auto.create': 'false',
  'auto.evolve': 'false',
  'table.name.format': '${topic}',
  'batch.size': '3000',
};

/** Options of Confluent's class. */
export const CONFLUENT_JDBC_SINK_OPTIONS: readonly Option[] = withDefaults(
  CONFLUENT_TABLE,
  CONFLUENT_JDBC_SINK_DEFAULTS,
);

const DEBEZIUM_TABLE: readonly Option[] = [
  ...COMMON,
  {
    name: 'connection.username',
    type: { kind: 'string' },
    doc: 'Role in the target; wins over the one in the URL.',
  },
  { name: 'primary.key.mode', type: KEY_MODES, default: 'none', doc: KEY_MODE_DOC },
  { name: 'primary.key.fields', type: { kind: 'list' }, doc: KEY_FIELDS_DOC },
  ...FIELD_LIST_OPTIONS,
  {
    name: 'schema.evolution',
    type: { kind: 'enum', values: ['none', 'none-validated', 'basic'] },
    default: 'none',
    doc:
      'basic: create missing tables, add missing columns, widen types, relax NOT NULL. With none ' +
      'a table has to be there for its first record, with none-validated those of `topics` when ' +
      'the sink starts.',
  },
  {
    name: 'collection.name.format',
    type: { kind: 'string' },
    default: '${topic}',
    doc: 'Name of the target table: `${topic}` (dots become underscores), `${source.<field>}`.',
  },
  {
    name: 'quote.identifiers',
    type: { kind: 'boolean' },
    default: 'false',
    doc: 'Names in the target keep their case; false folds them to lower case.',
  },
  USE_TIME_ZONE,
  ...acceptedOptions({
    'use.reduction.buffer': 'batches are always reduced per key',
    'keyed.message.batch.mode': 'batches are always reduced per key',
    'dialect.postgres.unnest.insert.enabled': 'the sink chooses the fastest statement',
    'db.timezone': 'timestamps are written with their own meaning',
    'connection.provider': 'tasks.max says how many connections there are',
    'connection.pool.<property>': 'tasks.max says how many connections there are',
    'connection.restart.on.errors': 'the connection is always opened anew after an error',
    'hibernate.<property>': 'there is no Hibernate',
    'dialect.postgres.postgis.schema': 'columns of PostGIS are known by their type',
    'dialect.sqlserver.identity.insert': 'the target is not SQL Server',
    'dialect.starrocks.catalog.name': 'the target is not StarRocks',
    'internal.<property>': 'Java internals',
  }),
  ...refusedOptions({
    'database.time_zone': renamedTo('use.time.zone'),
    'cloud.events.schema.name.pattern':
      "CloudEvents are not read: let the source write Debezium's own envelope",
  }),
  ...retryAliases('flush.max.retries', 'flush.retry.delay.ms'),
  ...NAMING_STRATEGY_OPTIONS,
  ...SHARED_UNUSED,
];

export const DEBEZIUM_JDBC_SINK_DEFAULTS: Readonly<Record<string, string>> = {
  ...CONNECT_SINK_ERROR_DEFAULTS,
  'insert.mode': 'insert',
  'delete.enabled': 'false',
  'truncate.enabled': 'false',
  'batch.size': '500',
};

/** Options of Debezium's class. */
export const DEBEZIUM_JDBC_SINK_OPTIONS: readonly Option[] = withDefaults(
  DEBEZIUM_TABLE,
  DEBEZIUM_JDBC_SINK_DEFAULTS,
);
