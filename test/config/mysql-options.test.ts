import { describe, expect, test } from 'vitest';
import type { ConnectorClass } from '../../src/config/connector-classes.ts';
import { DATABASE_SOURCE_CLASSES } from '../../src/config/connector-classes.ts';
import {
  DEBEZIUM_MARIADB_OPTIONS,
  DEBEZIUM_MYSQL_OPTIONS,
  MARIADB_OPTIONS,
  MYSQL_OPTIONS,
} from '../../src/config/mysql-options.ts';
import { examineOptions } from '../../src/config/resolve-options.ts';
import { sourceFamily } from '../../src/config/source-family.ts';
import { examinedMysqlSource, mysqlProblems } from '../support/examined-mysql-source.ts';

/**
 * What the connector of Debezium 3.6.0.Final lists for MySQL (its ConfigDef, and the fields that it
 * reads without listing them), with its own names. MariaDB's, by its source, has all but the two of
 * the JDBC driver and ddl.parser.type.
 */
const NAMES = `
  bigint.unsigned.handling.mode binary.handling.mode binlog.buffer.size binlog.net.read.timeout
  binlog.net.write.timeout column.exclude.list column.include.list
  column.mask.hash.SHA-256.with.salt.x column.mask.hash.v2.SHA-256.with.salt.x
  column.mask.with.3.chars column.propagate.source.type column.truncate.to.3.chars
  connect.keep.alive connect.keep.alive.interval.ms connect.timeout.ms
  connection.validation.timeout.ms connector.class converters custom.metric.tags
  custom.sanitize.pattern database.exclude.list database.hostname database.include.list
  database.initial.statements database.jdbc.driver database.password database.port
  database.protocol database.query.timeout.ms database.server.id database.server.id.offset
  database.ssl.keystore database.ssl.keystore.password database.ssl.mode database.ssl.truststore
  database.ssl.truststore.password database.user datatype.propagate.source.type ddl.parser.type
  decimal.handling.mode driver.anything enable.time.adjuster errors.max.retries
  event.converting.failure.handling.mode event.deserialization.failure.handling.mode
  event.processing.failure.handling.mode executor.shutdown.timeout.ms extended.headers.enabled
  field.name.adjustment.mode gtid.ignore.on.recovery gtid.source.excludes
  gtid.source.filter.dml.events gtid.source.includes guardrail.collections.limit.action
  guardrail.collections.max heartbeat.action.query heartbeat.interval.ms heartbeat.topics.prefix
  include.query include.schema.changes include.schema.comments inconsistent.schema.handling.mode
  incremental.snapshot.allow.schema.changes incremental.snapshot.chunk.size
  incremental.snapshot.watermarking.strategy internal.advanced.metrics.enable
  internal.custom.retriable.exception internal.legacy.snapshot.max.threads
  internal.log.position.check.enable internal.schema.history.internal.ddl.filter
  internal.snapshot.scan.all.columns.force max.batch.size max.queue.size max.queue.size.in.bytes
  memory.management.schemas.class memory.management.tables.class message.key.columns
  min.row.count.to.stream.results notification.enabled.channels notification.sink.topic.name
  openlineage.integration.config.file.path
  openlineage.integration.dataset.kafka.bootstrap.servers openlineage.integration.enabled
  openlineage.integration.job.description openlineage.integration.job.namespace
  openlineage.integration.job.owners openlineage.integration.job.tags poll.interval.ms
  post.processors provide.transaction.metadata query.fetch.size queue.provider.type read.only
  retriable.restart.connector.wait.ms schema.history.internal
  schema.history.internal.connector.class schema.history.internal.connector.id
  schema.history.internal.consumer.ssl.keystore.password schema.history.internal.file.filename
  schema.history.internal.kafka.bootstrap.servers schema.history.internal.kafka.buffer.batch.size
  schema.history.internal.kafka.create.timeout.ms schema.history.internal.kafka.query.timeout.ms
  schema.history.internal.kafka.recovery.attempts
  schema.history.internal.kafka.recovery.poll.interval.ms schema.history.internal.kafka.topic
  schema.history.internal.name schema.history.internal.prefer.ddl
  schema.history.internal.producer.security.protocol
  schema.history.internal.skip.unparseable.ddl
  schema.history.internal.store.only.captured.databases.ddl
  schema.history.internal.store.only.captured.tables.ddl schema.name.adjustment.mode
  signal.consumer.anything signal.data.collection signal.enabled.channels
  signal.kafka.bootstrap.servers signal.kafka.groupId signal.kafka.poll.timeout.ms
  signal.kafka.topic signal.poll.interval.ms skip.messages.without.change skipped.operations
  snapshot.delay.ms snapshot.fetch.size snapshot.include.collection.list snapshot.lock.timeout.ms
  snapshot.locking.mode snapshot.locking.mode.custom.name snapshot.max.threads
  snapshot.max.threads.multiplier snapshot.mode
  snapshot.mode.configuration.based.snapshot.data
  snapshot.mode.configuration.based.snapshot.on.data.error
  snapshot.mode.configuration.based.snapshot.on.schema.error
  snapshot.mode.configuration.based.snapshot.schema
  snapshot.mode.configuration.based.start.stream snapshot.mode.custom.name snapshot.query.mode
  snapshot.query.mode.custom.name snapshot.select.statement.overrides
  snapshot.tables.order.by.row.count sourceinfo.struct.maker statistics.metrics.enabled
  streaming.delay.ms table.exclude.list table.ignore.builtin table.include.list
  time.precision.mode tombstones.on.delete topic.cache.size topic.delimiter
  topic.heartbeat.prefix topic.naming.strategy topic.prefix topic.transaction
  transaction.metadata.factory unavailable.value.placeholder use.nongraceful.disconnect
`
  .trim()
  .split(/\s+/);

/** Later than 3.6, or only in its documentation. */
const OTHERS = [
  'binlog.metadata.based.schema',
  'connect.keep.alive.max.reconnect.attempts',
  'resolve.create.table.like.schema',
  'schema.history.internal.ddl.filter',
  'schema.history.internal.memory.optimization',
  'database.allowPublicKeyRetrieval',
  'database.connectionTimeZone',
];

const CLASSES = DATABASE_SOURCE_CLASSES.filter(
  ({ names }) => sourceFamily(names[0] ?? '') !== 'postgres',
);

describe.each(CLASSES.map((found): [string, ConnectorClass] => [found.names.join(), found]))(
  '%s',
  (_name, { options: table }) => {
    test('every property of the original is known: works, or says why it does not', () => {
      const given = Object.fromEntries([...NAMES, ...OTHERS, 'no.such'].map((name) => [name, 'x']));
      const { options } = examineOptions(table, given, {
        where: 's',
        providers: { environment: {}, folder: '/' },
      });
      // And a name that nobody has is not.
      expect(options.warnings.filter((text) => text.includes('not a known property'))).toEqual([
        's: no.such is not a known property',
      ]);
    });
  },
);

/** Defaults as the connectors of 3.6.0.Final list them, where ours differ, and where one might. */
const DEFAULTS: readonly [name: string, own: string | undefined, debezium: string | undefined][] = [
  ['bigint.unsigned.handling.mode', 'long', 'long'],
  ['column.propagate.source.type', '.*', undefined],
  ['connect.keep.alive.interval.ms', '60000', '60000'],
  ['connect.timeout.ms', '30000', '30000'],
  ['database.port', '3306', '3306'],
  ['database.query.timeout.ms', '600000', '600000'],
  ['database.server.id', undefined, undefined],
  ['decimal.handling.mode', 'precise', 'precise'],
  ['enable.time.adjuster', 'false', 'true'],
  ['event.converting.failure.handling.mode', 'fail', 'warn'],
  ['extended.headers.enabled', 'false', 'true'],
  ['field.name.adjustment.mode', 'avro', 'none'],
  ['gtid.source.filter.dml.events', 'true', 'true'],
  ['gtid.ignore.on.recovery', 'false', 'false'],
  ['heartbeat.interval.ms', '10000', '0'],
  ['include.query', 'false', 'false'],
  ['include.schema.changes', 'true', 'true'],
  ['include.schema.comments', 'false', 'false'],
  ['incremental.snapshot.chunk.size', '1024', '1024'],
  ['incremental.snapshot.watermarking.strategy', 'none', 'insert_insert'],
  ['schema.history.internal.store.only.captured.tables.ddl', 'false', 'false'],
  ['schema.name.adjustment.mode', 'avro', 'none'],
  ['skipped.operations', 'none', 't'],
  ['snapshot.locking.mode', 'minimal', 'minimal'],
  ['snapshot.max.threads', '4', '1'],
  ['snapshot.mode', 'initial', 'initial'],
  ['time.precision.mode', 'adaptive_time_microseconds', 'adaptive_time_microseconds'],
  ['tombstones.on.delete', 'true', 'true'],
  ['zero.date.handling.mode', 'fail', 'null'],
];

test.each(DEFAULTS)('%s is %s by our names, %s by the Java classes', (name, own, debezium) => {
  const found = [MYSQL_OPTIONS, MARIADB_OPTIONS, DEBEZIUM_MYSQL_OPTIONS, DEBEZIUM_MARIADB_OPTIONS];
  expect(found.map((table) => table.find((option) => option.name === name)?.default)).toEqual([
    own,
    own,
    debezium,
    debezium,
  ]);
});

test('TLS is tried, but by the Java class of MariaDB', () => {
  const modes = CLASSES.map(({ options, names }) => [
    names[0],
    examineOptions(
      options,
      {},
      { where: 's', providers: { environment: {}, folder: '/' } },
    ).options.string('database.ssl.mode'),
  ]);
  expect(modes).toEqual([
    ['mysql', 'preferred'],
    ['io.debezium.connector.mysql.MySqlConnector', 'preferred'],
    ['mariadb', 'preferred'],
    ['io.debezium.connector.mariadb.MariaDbConnector', 'disabled'],
  ]);
});

test('both families have the same properties', () => {
  const names = MYSQL_OPTIONS.map(({ name }) => name);
  expect(MARIADB_OPTIONS.map(({ name }) => name)).toEqual(names);
});

test.each([
  [{ 'database.include.list': 'a', 'database.exclude.list': 'b' }, 'exclude each other'],
  [{ 'table.include.list': 'a', 'table.exclude.list': 'b' }, 'exclude each other'],
  [{ 'message.key.columns': 'shop.t' }, 'message.key.columns must have the form'],
  [{ 'skipped.operations': 'c,x' }, 'skipped.operations has x'],
  [{ 'topic.prefix': 'a b' }, 'topic.prefix may have only letters'],
  [{ 'snapshot.window': '22-6' }, 'must have the form 22:00-06:00'],
  [
    {
      converters: 'a',
      'a.type': 'io.debezium.connector.binlog.converters.TinyIntOneToBooleanConverter',
    },
    'set tinyint.one.handling.mode to boolean',
  ],
  [
    {
      converters: 'a',
      'a.type': 'io.debezium.connector.binlog.converters.ZeroDateFallbackConverter',
    },
    'set zero.date.handling.mode to null or epoch',
  ],
])('%j is refused', (input, message) => {
  expect(mysqlProblems(input)).toEqual([expect.stringContaining(message)]);
});

test('no text tells of schemas, slots or WAL', () => {
  const strays = MYSQL_OPTIONS.filter(
    ({ doc, status = 'supported' }) =>
      status === 'supported' && /schema\.table|REPLICA IDENTITY|TOAST|\bslot|\bWAL\b|pg_/.test(doc),
  );
  expect(strays.map(({ name }) => name)).toEqual([]);
});

test('a file of the original as it is: no problem, and a note for what has no effect', () => {
  const { options, problems } = examinedMysqlSource(
    {
      'database.allowPublicKeyRetrieval': 'true',
      'database.include.list': 'shop,stock',
      'database.server.id': '54321',
      'schema.history.internal.kafka.bootstrap.servers': 'kafka:9092',
      'schema.history.internal.kafka.topic': 'shop-history',
    },
    DEBEZIUM_MYSQL_OPTIONS,
  );
  expect(problems).toEqual([]);
  expect(options.warnings).toEqual([
    expect.stringContaining('database.allowPublicKeyRetrieval has no effect'),
    expect.stringContaining('schema.history.internal.kafka.bootstrap.servers has no effect'),
  ]);
  expect(options.number('database.server.id')).toBe(54_321);
  expect(options.patterns('database.include.list')).toHaveLength(2);
});
