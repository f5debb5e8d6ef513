import { expect, test } from 'vitest';
import { Daemon } from '../support/daemon.ts';
import { familyPipeline, postgresFamily } from '../support/family-pipeline.ts';
import { freshPrefix, sharedBroker } from '../support/kafka.ts';
import { freshDatabase } from '../support/postgres.ts';
import { RowLoad, untilCopied, VERIFIED_SCHEMA, verifiedLines } from '../support/verified-shop.ts';

test('a copy that came by Kafka is compared while rows change', async () => {
  const database = await freshDatabase();
  await database.query(VERIFIED_SCHEMA);
  await using source = await postgresFamily(database);
  const target = await freshDatabase();
  await using copy = await postgresFamily(target);
  const prefix = freshPrefix();
  await using pipeline = await familyPipeline(
    source,
    [{ family: copy.family, sink: { ...copy.sink, 'table.name.format': '${source.table}' } }],
    {
      'topic.prefix': prefix,
      'topic.creation.default.partitions': 3,
      'topic.creation.default.replication.factor': 1,
    },
    {
      type: 'kafka',
      'bootstrap.servers': sharedBroker().bootstrapServers,
      'offset.storage.topic': `${prefix}-offsets`,
      'state.storage.topic': `${prefix}-state`,
    },
  );
  await using daemon = Daemon.start(pipeline);
  await untilCopied(daemon);
  await using load = new RowLoad(database, 17);
  await target.query(`UPDATE orders SET exact = exact + 1 WHERE id = 107`);
  await target.query('DELETE FROM orders WHERE id = 997');
  await target.query('INSERT INTO orders (id) VALUES (-7)');
  await target.query(`UPDATE lines SET v = NULL WHERE day = '2026-01-03' AND line = 'l-7'`);
  expect(await verifiedLines(pipeline.file, '--repair')).toEqual({
    code: 0,
    lines: [
      'public.lines 2026-01-03/l-7 different v repaired',
      'public.orders -7 surplus repaired',
      'public.orders 107 different exact repaired',
      'public.orders 997 missing repaired',
    ],
  });
  expect(load.statements).toBeGreaterThan(100);
});
