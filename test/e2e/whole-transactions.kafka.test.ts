import { test } from 'vitest';
import { familyPipeline, postgresFamily } from '../support/family-pipeline.ts';
import { freshPrefix, sharedBroker } from '../support/kafka.ts';
import { freshDatabase } from '../support/postgres.ts';
import { expectWholeMoves } from '../support/transfers.ts';

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20261122);

test(`no reader sees half a transaction that Kafka carried (S28, ${SEED})`, async () => {
  await using source = await postgresFamily(await freshDatabase());
  await using copy = await postgresFamily(await freshDatabase());
  const target = {
    family: copy.family,
    rows: (sql: string) => copy.rows(sql),
    sink: {
      ...copy.sink,
      'transaction.mode': 'source',
      // So long the group waits for a member that was killed.
      'consumer.override.session.timeout.ms': 6000,
      'consumer.override.heartbeat.interval.ms': 1000,
    },
  };
  const prefix = freshPrefix();
  const given = {
    'topic.prefix': prefix,
    'provide.transaction.metadata': true,
    'topic.creation.default.partitions': 3,
    'topic.creation.default.replication.factor': 1,
    'topic.creation.groups': 'ends',
    'topic.creation.ends.include': String.raw`.*\.transaction`,
    'topic.creation.ends.partitions': 1,
  };
  await using pipeline = await familyPipeline(source, [target], given, {
    type: 'kafka',
    'bootstrap.servers': sharedBroker().bootstrapServers,
    'offset.storage.topic': `${prefix}-offsets`,
    'state.storage.topic': `${prefix}-state`,
  });
  await expectWholeMoves(source, [target], pipeline, ['sink.applied'], SEED);
});
