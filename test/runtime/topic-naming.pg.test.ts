import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadPipelineFile } from '../../src/config/pipeline-file.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { checkPipeline } from '../../src/runtime/check-pipeline.ts';
import { sourceSection } from '../support/pipeline-text.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { runningPipeline } from '../support/running-pipeline.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SHARDS = `
  CREATE SCHEMA a; CREATE SCHEMA b;
  CREATE TABLE a.orders_1 (id int PRIMARY KEY, note text);
  CREATE TABLE b.orders_2 (id int PRIMARY KEY, note text);
  INSERT INTO a.orders_1 VALUES (1, 'a'); INSERT INTO b.orders_2 VALUES (1, 'b');`;
const CAPTURED = { 'table.include.list': '[ab]\\..*', 'heartbeat.interval.ms': 0 };
const ROUTED = {
  ...CAPTURED,
  'topic.naming.strategy': 'io.debezium.schema.SchemaRegexTopicNamingStrategy',
  'topic.regex': 'shop\\.(\\w+)\\.orders_\\d',
  'topic.replacement': 'all.orders',
  'skipped.operations': 't',
  'snapshot.max.threads': 1,
};

async function problemsOf(
  database: TestDatabase,
  source: Readonly<Record<string, unknown>>,
): Promise<readonly string[]> {
  await using folder = await temporaryFolder('naming');
  const file = path.join(folder.path, 'p.yaml');
  await writeFile(file, JSON.stringify({ name: 'p', source: sourceSection(database, source) }));
  const { signal } = new AbortController();
  const { problems } = await checkPipeline(loadPipelineFile(file), signal, systemClock);
  return problems.map(({ code, message }) => `${code} ${message}`);
}

describe.each(['json', 'avro'])('tables on one topic, in %s', (format) => {
  test('have keys that differ, in snapshot and stream; other names stay', async () => {
    await using database = await freshDatabase();
    await database.query(`${SHARDS} CREATE TABLE a.other (id int PRIMARY KEY);`);
    const source = {
      ...ROUTED,
      'key.converter': format,
      'value.converter': format,
      'topic.key.field.regex': 'shop\\.(\\w+)\\..*',
      'topic.key.field.replacement': '$1',
    };
    expect(await problemsOf(database, source)).toEqual([]);
    await using running = await runningPipeline(database, { source });
    await database.query(`INSERT INTO a.orders_1 VALUES (2, 'a2'); DELETE FROM b.orders_2`);
    const records = await running.records('all.orders', 5);
    expect(records.map(({ key }) => key)).toEqual([
      ...['a', 'b'].map((name) => ({ id: 1, __dbz__physicalTableIdentifier: name })),
      { id: 2, __dbz__physicalTableIdentifier: 'a' },
      { id: 1, __dbz__physicalTableIdentifier: 'b' },
      { id: 1, __dbz__physicalTableIdentifier: 'b' },
    ]);
    expect(records[0]?.keySchema?.name).toBe('all.orders.Key');
    await database.query(`INSERT INTO a.other VALUES (1)`);
    const [other] = await running.records('shop.a.other', 1);
    expect(other?.key).toEqual({ id: 1, __dbz__physicalTableIdentifier: 'a' });
    expect((await running.topics()).toSorted()).toEqual(['all.orders', 'shop.a.other']);
  });
});

test('the whole old name tells the table by default; or keys stay as they are', async () => {
  await using database = await freshDatabase();
  await database.query(SHARDS);
  {
    await using running = await runningPipeline(database, { source: ROUTED });
    const [first] = await running.records('all.orders', 2);
    expect(first?.key).toEqual({ id: 1, __dbz__physicalTableIdentifier: 'shop.a.orders_1' });
  }
  await database.query(`DELETE FROM b.orders_2`);
  await using running = await runningPipeline(database, {
    source: {
      ...ROUTED,
      'topic.key.enforce.uniqueness': false,
      'slot.name': `second_${database.name}`,
    },
  });
  const [first] = await running.records('all.orders', 1);
  expect(first?.key).toEqual({ id: 1 });
});

describe('what check refuses', () => {
  test('two tables on one topic by chance; rows or truncates that run together', async () => {
    await using database = await freshDatabase();
    await database.query(`${SHARDS} CREATE TABLE a."x y" (id int PRIMARY KEY);
      CREATE TABLE a.x_y (id int PRIMARY KEY); CREATE TABLE b.orders_1 (id int PRIMARY KEY)`);
    expect(await problemsOf(database, CAPTURED)).toEqual([
      'TOPIC_COLLISION tables "a"."x y" and "a"."x_y" would both write to topic shop.a.x_y',
    ]);
    const rest = {
      ...CAPTURED,
      'table.exclude.list': undefined,
      'table.include.list': '[ab]\\.o.*',
    };
    const byTable = 'io.debezium.schema.DefaultTopicNamingStrategy';
    expect(await problemsOf(database, { ...rest, 'topic.naming.strategy': byTable })).toEqual([
      expect.stringContaining('would both write to topic shop.orders_1'),
    ]);
    const truncated = { ...ROUTED, ...rest, 'skipped.operations': 'none' };
    expect(await problemsOf(database, truncated)).toEqual([
      expect.stringContaining('a TRUNCATE of one would empty both'),
    ]);
    expect(await problemsOf(database, { ...ROUTED, ...rest })).toEqual([]);
    await database.query(`ALTER TABLE b.orders_1 DROP CONSTRAINT orders_1_pkey`);
    await database.query(`ALTER TABLE b.orders_1 REPLICA IDENTITY FULL`);
    expect(await problemsOf(database, { ...ROUTED, ...rest })).toEqual([
      expect.stringContaining('"b"."orders_1" has no key to tell its rows by'),
    ]);
  });
});

test('other topics for heartbeats and transactions; names without the schema', async () => {
  await using database = await freshDatabase();
  await database.query(SHARDS);
  await using running = await runningPipeline(database, {
    source: {
      ...CAPTURED,
      'heartbeat.interval.ms': 100,
      'topic.heartbeat.name': 'beats',
      'topic.delimiter': '-',
      'topic.transaction': 'tx',
      'topic.naming.strategy': 'table',
      'provide.transaction.metadata': true,
    },
  });
  await database.query(`INSERT INTO a.orders_1 VALUES (2, 'x')`);
  await running.records('beats', 1);
  await running.records('shop-orders_1', 2);
  await running.records('shop-tx', 1);
  expect((await running.topics()).toSorted()).toEqual([
    'beats',
    'shop-orders_1',
    'shop-orders_2',
    'shop-tx',
  ]);
});
