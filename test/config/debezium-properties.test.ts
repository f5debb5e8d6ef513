import { expect, test } from 'vitest';
import { DEBEZIUM_POSTGRES_OPTIONS } from '../../src/config/postgres-options.ts';
import { examineOptions } from '../../src/config/resolve-options.ts';

/** What Connect's validation lists for the connector of Debezium 3.6, with its own names. */
const NAMES = `
  binary.handling.mode column.exclude.list column.include.list
  column.mask.hash.SHA-256.with.salt.x column.mask.with.3.chars column.propagate.source.type
  column.truncate.to.3.chars config.action.reload connection.validation.timeout.ms
  connector.class connector.plugin.version converters custom.metric.tags custom.sanitize.pattern
  database.dbname database.hostname database.initial.statements database.password database.port
  database.query.timeout.ms database.sslcert database.sslfactory database.sslkey
  database.sslmode database.sslpassword database.sslrootcert database.tcpKeepAlive database.user
  datatype.propagate.source.type decimal.handling.mode errors.log.enable
  errors.log.include.messages errors.max.retries errors.retry.delay.max.ms errors.retry.timeout
  errors.tolerance event.processing.failure.handling.mode exactly.once.support
  executor.shutdown.timeout.ms extended.headers.enabled flush.lsn.source
  guardrail.collections.limit.action guardrail.collections.max header.converter
  header.converter.plugin.version heartbeat.action.query heartbeat.interval.ms
  heartbeat.topics.prefix hstore.handling.mode include.schema.comments include.unknown.datatypes
  incremental.snapshot.chunk.size incremental.snapshot.watermarking.strategy
  internal.advanced.metrics.enable internal.legacy.snapshot.max.threads
  internal.log.position.check.enable internal.snapshot.scan.all.columns.force
  interval.handling.mode key.converter key.converter.plugin.version lsn.flush.mode
  lsn.flush.timeout.action lsn.flush.timeout.ms max.batch.size max.queue.size
  max.queue.size.in.bytes memory.management.schemas.class memory.management.tables.class
  message.key.columns message.prefix.exclude.list message.prefix.include.list name
  notification.enabled.channels notification.sink.topic.name offsets.storage.topic
  openlineage.integration.config.file.path
  openlineage.integration.dataset.kafka.bootstrap.servers openlineage.integration.enabled
  openlineage.integration.job.description openlineage.integration.job.namespace
  openlineage.integration.job.owners openlineage.integration.job.tags plugin.name
  poll.interval.ms post.processors predicates provide.transaction.metadata
  publication.autocreate.mode publication.name publish.via.partition.root query.fetch.size
  replica.identity.autoset.values retriable.restart.connector.wait.ms schema.exclude.list
  schema.include.list schema.name.adjustment.mode schema.refresh.mode signal.data.collection
  signal.enabled.channels signal.poll.interval.ms skipped.operations slot.drop.on.stop
  slot.failover slot.max.retries slot.name slot.retry.delay.ms slot.stream.params
  snapshot.delay.ms snapshot.fetch.size snapshot.include.collection.list snapshot.isolation.mode
  snapshot.lock.timeout.ms snapshot.locking.mode snapshot.locking.mode.custom.name
  snapshot.max.threads snapshot.max.threads.multiplier snapshot.mode
  snapshot.mode.configuration.based.snapshot.data
  snapshot.mode.configuration.based.snapshot.on.data.error
  snapshot.mode.configuration.based.snapshot.on.schema.error
  snapshot.mode.configuration.based.snapshot.schema
  snapshot.mode.configuration.based.start.stream snapshot.mode.custom.name snapshot.query.mode
  snapshot.query.mode.custom.name snapshot.select.statement.overrides
  snapshot.tables.order.by.row.count sourceinfo.struct.maker statistics.metrics.enabled
  status.update.interval.ms streaming.delay.ms table.exclude.list table.ignore.builtin
  table.include.list tasks.max tasks.max.enforce time.precision.mode tombstones.on.delete
  topic.creation.groups topic.naming.strategy topic.prefix transaction.boundary
  transaction.boundary.interval.ms transaction.metadata.factory transforms
  unavailable.value.placeholder value.converter value.converter.plugin.version
  xmin.fetch.interval.ms
`
  .trim()
  .split(/\s+/);

test('every property of the original is known: works, or says why it does not', () => {
  const given = Object.fromEntries(NAMES.map((name) => [name, 'x']));
  const { options } = examineOptions(DEBEZIUM_POSTGRES_OPTIONS, given, {
    where: 's',
    providers: { environment: {}, folder: '/' },
  });
  expect(options.warnings.filter((text) => text.includes('not a known property'))).toEqual([]);
  // And a name that nobody has is not.
  const stray = examineOptions(
    DEBEZIUM_POSTGRES_OPTIONS,
    { 'no.such': 'x' },
    { where: 's', providers: { environment: {}, folder: '/' } },
  );
  expect(stray.options.warnings).toEqual([expect.stringContaining('not a known property')]);
});
