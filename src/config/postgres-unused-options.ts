import type { Option } from './option.ts';
import { acceptedOptions, refusedOptions } from './option-table.ts';

const QUEUE = 'reader and log share a buffer that is bounded in bytes';

/** Passed over, they would leave a connection without the protection that was asked for. */
const DRIVER_TLS = Object.fromEntries(
  ['mode', 'rootcert', 'cert', 'key', 'password', 'factory'].map((part) => [
    `driver.ssl${part}`,
    part === 'factory' ? 'Java classes cannot be loaded' : `use database.ssl${part}`,
  ]),
);

/**
 * Properties that Debezium's PostgreSQL connector knows and this source does not act on. What could
 * change or expose data is refused; what only tunes Java's machinery is accepted.
 */
export const POSTGRES_UNUSED_OPTIONS: readonly Option[] = [
  ...acceptedOptions({
    'database.server.name': 'topic.prefix took its place',
    'database.tcpKeepAlive': 'always on',
    'driver.<property>': 'there is no JDBC driver',
    'lsn.flush.timeout.ms': 'confirming never blocks',
    'lsn.flush.timeout.action': 'confirming never blocks',
    'schema.refresh.mode': 'the shape of a table comes with the stream',
    'max.queue.size': QUEUE,
    'max.batch.size': QUEUE,
    'max.queue.size.in.bytes': QUEUE,
    'poll.interval.ms': QUEUE,
    'poll.dispatch.interval.ms': QUEUE,
    'queue.provider.type': QUEUE,
    'include.schema.comments': 'the original has none for PostgreSQL either',
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
    'driver.targetServerType': 'use database.target.session.attrs',
    'driver.ssl': 'use database.sslmode',
    ...DRIVER_TLS,
    'database.sslfactory': 'Java classes cannot be loaded',
    'heartbeat.topics.prefix': 'its name is topic.heartbeat.prefix',
    'notification.<property>': 'there are the channels log, sink and jmx',
    'snapshot.query.mode.custom.name': 'Java classes cannot be loaded',
    'snapshot.mode.custom.name': 'Java classes cannot be loaded',
    'snapshot.locking.mode.custom.name': 'Java classes cannot be loaded',
  }),
];
