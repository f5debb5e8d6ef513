import { afterAll, beforeAll, expect, test } from 'vitest';
import { changesIn, heldIn, registryPipeline, setLevel } from '../support/registry-pipeline.ts';
import { untilReleased } from '../support/registry-pipeline.ts';
import { freshPrefix, sharedBroker } from '../support/kafka.ts';
import type { RegistryServer } from '../support/registry-server.ts';
import { startRegistry } from '../support/registry-server.ts';
import { runningPipeline } from '../support/running-pipeline.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let registry: RegistryServer;

beforeAll(async () => {
  registry = await startRegistry();
  await setLevel(registry, null, 'BACKWARD');
});

afterAll(() => registry[Symbol.asyncDispose]());

test.each([
  ['each write', {}],
  ['transactions', { 'exactly.once.support': 'required' }],
] as const)('on Kafka, with %s: held over a restart, in order, then gone', async (_, guarantee) => {
  const prefix = freshPrefix();
  const pipeline = await registryPipeline(registry, prefix, {
    'topic.creation.default.partitions': 1,
    'topic.creation.default.replication.factor': 1,
    ...guarantee,
  });
  const { database, orders, others } = pipeline;
  await using folder = await temporaryFolder('held');
  const options = {
    ...pipeline.options,
    name: prefix,
    folder: folder.path,
    transport: {
      type: 'kafka',
      'bootstrap.servers': sharedBroker().bootstrapServers,
      'offset.storage.topic': `${prefix}-offsets`,
      'state.storage.topic': `${prefix}-state`,
    },
  };
  {
    await using running = await runningPipeline(database, options);
    expect(await changesIn(running, orders, 1)).toEqual(['r 1 10']);
    await database.query(`ALTER TABLE orders ALTER qty TYPE text`);
    await database.query(`INSERT INTO orders VALUES (2, 'two'); INSERT INTO others VALUES (1)`);
    await running.records(others, 1);
    // Others may read a record before its writer knows that it is there.
    await expect
      .poll(() => heldIn(running))
      .toMatchObject([{ topic: orders, code: 'SCHEMA_INCOMPATIBLE' }]);
    expect(await changesIn(running, orders, 1)).toEqual(['r 1 10']);
  }
  await database.query(`UPDATE orders SET qty = 'newer' WHERE id = 2`);
  await using running = await runningPipeline(database, options);
  await database.query(`DELETE FROM orders WHERE id = 1`);
  await running.caughtUp();
  await expect.poll(() => heldIn(running)).toMatchObject([{ topic: orders }]);
  await setLevel(registry, `${orders}-value`, 'NONE');
  await untilReleased(running, database);
  await database.query(`INSERT INTO orders VALUES (3, 'three')`);
  const told = ['r 1 10', 'c 2 two', 'u 2 newer', 'd 1', 'tombstone 1', 'c 3 three'];
  await expect.poll(async () => (await changesIn(running, orders, 1)).length).toBe(told.length);
  expect(await changesIn(running, orders, 1)).toEqual(told);
  expect(running.pipeline.status().healthy).toBe(true);
});
