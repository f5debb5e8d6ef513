import type { Option } from './option.ts';
import { acceptedOptions, refusedOptions } from './option-table.ts';

const QUEUE = 'reader and log share a buffer that is bounded in bytes';

/**
 * Properties that Debezium's connectors of all families know and that are not acted on. What could
 * change or expose data is refused; what only tunes Java's machinery is accepted.
 */
export const UNUSED_SOURCE_OPTIONS: readonly Option[] = [
  ...acceptedOptions({
    'database.server.name': 'topic.prefix took its place',
    'database.tcpKeepAlive': 'always on',
    'driver.<property>': 'there is no JDBC driver',
    'max.queue.size': QUEUE,
    'max.batch.size': QUEUE,
    'max.queue.size.in.bytes': QUEUE,
    'poll.interval.ms': QUEUE,
    'poll.dispatch.interval.ms': QUEUE,
    'queue.provider.type': QUEUE,
    'incremental.snapshot.allow.schema.changes': 'always on',
    'snapshot.max.threads.multiplier': 'tables are cut by size',
    'legacy.snapshot.max.threads': 'tables are cut by size',
    'query.fetch.size': 'the stream comes row by row',
    'memory.management.schemas.class': 'shapes of tables are kept in memory',
    'memory.management.tables.class': 'shapes of tables are kept in memory',
    'custom.sanitize.pattern': 'secrets never enter logs or messages',
    'openlineage.integration.<property>': 'lineage is not told',
    'topic.cache.size': 'names of topics are made once for each table',
    'statistics.metrics.enabled': 'percentiles are always kept',
    'executor.shutdown.timeout.ms': 'use task.shutdown.graceful.timeout.ms of the runtime section',
    'signal.kafka.bootstrap.servers': 'the topic of signals is one of the embedded log',
    'signal.kafka.groupId': 'the position in the topic of signals is kept with the source offset',
    'signal.kafka.poll.timeout.ms': 'signal.poll.interval.ms is used',
    'signal.consumer.<property>': 'the topic of signals is one of the embedded log',
    'signal.emit.failure.max.retries': 'a mark that fails is told, and the snapshot goes on',
    'signal.emit.failure.retry.backoff.ms': 'a mark that fails is told, and the snapshot goes on',
    'internal.<property>': 'Java internals',
  }),
  ...refusedOptions({
    'heartbeat.topics.prefix': 'its name is topic.heartbeat.prefix',
    'notification.<property>': 'there are the channels log, sink and jmx',
    'snapshot.query.mode.custom.name': 'Java classes cannot be loaded',
    'snapshot.mode.custom.name': 'Java classes cannot be loaded',
    'snapshot.locking.mode.custom.name': 'Java classes cannot be loaded',
  }),
];

/** Why a property of old has no effect. */
export function renamedTo(name: string): string {
  return `its name is ${name} today`;
}

/** Names that all connectors of older releases had, and that still stand in files. */
export const RENAMED_SOURCE_OPTIONS: readonly Option[] = [
  ...refusedOptions({
    'table.whitelist': renamedTo('table.include.list'),
    'table.blacklist': renamedTo('table.exclude.list'),
    'column.whitelist': renamedTo('column.include.list'),
    'column.blacklist': renamedTo('column.exclude.list'),
    'transaction.topic': renamedTo('topic.transaction'),
    'sanitize.field.names': 'field.name.adjustment.mode took its place; true is avro',
    'schema.name.adjustment': renamedTo('schema.name.adjustment.mode'),
    'truncate.handling.mode': 'skipped.operations took its place; without t truncates are told',
    'rows.fetch.size': renamedTo('snapshot.fetch.size'),
    'snapshot.custom.class': renamedTo('snapshot.mode.custom.name'),
    'snapshot.custom_class': renamedTo('snapshot.mode.custom.name'),
    'topic.selection.strategy': renamedTo('topic.naming.strategy'),
    'source.struct.version': 'there is one form of the source block, that of Debezium 3',
  }),
  ...acceptedOptions({
    'snapshot.new.tables': 'tables that come to the list are read beside the stream',
  }),
];
