import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { planKafkaTopics } from '../../src/runtime/check-kafka.ts';
import { checkPipeline } from '../../src/runtime/check-pipeline.ts';
import { type Acl, setAcls } from '../support/kafka-acls.ts';
import type { KafkaCluster } from '../support/kafka-cluster.ts';
import { startOwnBroker } from '../support/kafka.ts';
import { freshDatabase, type TestDatabase } from '../support/postgres.ts';
import { listedAcls, runSecured, securedConfig } from '../support/secured-pipeline.ts';

let broker: KafkaCluster;
let database: TestDatabase;
let target: TestDatabase;

beforeAll(async () => {
  [broker, database, target] = await Promise.all([
    startOwnBroker({ secure: true }),
    freshDatabase(),
    freshDatabase(),
  ]);
  await database.query(`CREATE TABLE item (id int PRIMARY KEY, name text)`);
});

afterAll(async () => {
  for (const server of [broker, database, target]) await server[Symbol.asyncDispose]();
});

type Properties = Readonly<Record<string, unknown>>;

const EXACTLY = { 'exactly.once.support': 'required' };

/** What `check` says about it. */
async function check(source: Properties = {}, transport: Properties = {}) {
  await using scope = new AsyncDisposableStack();
  const config = await securedConfig({ broker, database, target, source, transport }, scope);
  const { signal } = new AbortController();
  const { problems, warnings } = await checkPipeline(config, signal, systemClock);
  return {
    problems: problems.filter(({ code }) => !code.startsWith('PG_')),
    warnings: warnings.filter((text) => text.startsWith('Kafka')),
  };
}

/** `Write Topic:shop.…` as an error says it. */
function saying({ operation, resource, name, prefixed }: Acl): RegExp {
  const words = operation.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();
  return new RegExp(
    `^User:alice may not ${words} ${resource}:${RegExp.escape(name)}${prefixed ? '' : ' '}`,
  );
}

// Before anything was created: what does not exist yet can be seen, too.
test.each(
  listedAcls(true).map((acl) => [`${acl.operation} ${acl.resource}:${acl.name}`, acl] as const),
)('check tells that %s is missing, and how to give it', async (_, missing) => {
  const others = listedAcls(true).filter((acl) => !sameAcl(acl, missing));
  await setAcls(broker, 'alice', others);
  const { problems } = await check(EXACTLY);
  expect(problems).not.toEqual([]);
  for (const { code, message, cure } of problems) {
    expect([code, message]).toEqual(['KAFKA_ACCESS', expect.stringMatching(saying(missing))]);
    expect(cure).toMatch(/^kafka-acls\.sh .*--add --allow-principal User:alice --operation /);
    expect(cure).toContain(`--operation ${missing.operation} `);
  }
});

test('a plan shows the topics that would be created', async () => {
  await setAcls(broker, 'alice', listedAcls(false));
  await using scope = new AsyncDisposableStack();
  const source = {
    'topic.creation.default.partitions': 3,
    'topic.creation.default.cleanup.policy': 'delete',
  };
  const config = await securedConfig({ broker, database, target, source }, scope);
  const topics = await planKafkaTopics(config, [], systemClock);
  const of = (name: string, partitions: number, policy: string) => ({
    name,
    exists: false,
    partitions,
    replicationFactor: -1,
    configs: { 'cleanup.policy': policy },
  });
  expect(topics).toEqual([
    of('__debezium-heartbeat.shop', 3, 'delete'),
    of('connect-offsets', 25, 'compact'),
    of('tidemark-state', 1, 'compact'),
  ]);
});

describe('topics that do not fit are told before a run', () => {
  test.each<[string, Properties, RegExp]>([
    [
      'compacted, and rows may lack values',
      { 'topic.creation.default.cleanup.policy': 'compact' },
      /shop\.public\.item is compacted, and records of public\.item may lack values .*: name$/,
    ],
    [
      'more replicas than brokers',
      { 'topic.creation.default.replication.factor': 3 },
      /INVALID_REPLICATION_FACTOR to CREATE of Topic:shop\.public\.item/,
    ],
    [
      'a config that no broker takes',
      { 'topic.creation.default.cleanup.policy': 'no' },
      /INVALID_CONFIG to CREATE of Topic:shop\.public\.item/,
    ],
  ])('%s', async (_, source, message) => {
    await setAcls(broker, 'alice', listedAcls(false));
    const { problems } = await check(source);
    const messages = problems.map((problem) => [problem.code, problem.message]);
    expect(messages).toContainEqual(['KAFKA_TOPIC', expect.stringMatching(message)]);
  });

  test('compaction is fine with rows that are read again, or known whole', async () => {
    const source = {
      'topic.creation.default.cleanup.policy': 'compact',
      'post.processors': 'reselector',
      'reselector.type': 'io.debezium.processors.reselect.ReselectColumnsPostProcessor',
    };
    expect((await check(source)).problems).toEqual([]);
  });

  test('a missing topic that nobody creates', async () => {
    const { problems } = await check({}, { 'topic.creation.enable': false });
    expect(problems.map(({ message }) => message)).toEqual([
      'there is no topic shop.public.item, and topic.creation.enable is false',
      'there is no topic __debezium-heartbeat.shop, and topic.creation.enable is false',
    ]);
  });

  test('less room than the producer takes for a record', async () => {
    const { warnings } = await check({
      'topic.creation.default.max.message.bytes': 50_000,
      'producer.override.max.request.size': '1mb',
    });
    expect(warnings).toEqual([
      expect.stringMatching(/shop\.public\.item takes 50000 bytes .*refused/),
    ]);
  });

  test('brokers that cannot be reached, and a wrong password', async () => {
    const { problems } = await check({}, { 'bootstrap.servers': 'localhost:1' });
    expect(problems.map(({ code }) => code)).toEqual(['KAFKA_CONNECT']);
    const jaas = 'x.ScramLoginModule required username="alice" password="hunter2";';
    const refused = await check({}, { 'sasl.jaas.config': jaas });
    expect(refused.problems.map(({ code }) => code)).toEqual(['KAFKA_AUTH']);
    expect(JSON.stringify(refused.problems)).not.toContain('hunter2');
  });
});

describe('with exactly the rights that the README lists', () => {
  test.each([
    ['at least once', false, {}],
    ['exactly once', true, EXACTLY],
  ] as const)('%s runs from a first start, and again', async (_, exactly, source) => {
    await setAcls(broker, 'alice', listedAcls(exactly));
    for (const more of [3, 2]) {
      const items = await insertItems(more);
      expect((await check(source)).problems).toEqual([]);
      const { status } = await runSecured({ broker, database, target, source }, items);
      expect([status.source.error, ...status.sinks.map(({ error }) => error)]).toEqual([
        null,
        null,
      ]);
    }
  });

  test.each([
    ['source', 'Write', 'Topic', 'shop.', /may not WRITE Topic:shop\.public\.item/],
    ['source', 'Write', 'Topic', 'connect-offsets', /may not WRITE Topic:connect-offsets/],
    ['source', 'Read', 'Topic', 'connect-offsets', /may not READ Topic:connect-offsets/],
    ['sink', 'Read', 'Topic', 'shop.', /may not READ Topic:shop\.public\.item/],
    ['sink', 'Read', 'Group', 'connect-dwh', /may not \w+ Group:connect-dwh/],
  ] as const)(
    'the %s that lacks %s of %s:%s says so and stops',
    async (task, operation, resource, name, message) => {
      const others = listedAcls(false).filter(
        (acl) => !(acl.operation === operation && acl.resource === resource && acl.name === name),
      );
      await setAcls(broker, 'alice', others);
      await insertItems(1);
      const { status } = await runSecured({ broker, database, target }, Infinity);
      const { error } = task === 'source' ? status.source : (status.sinks[0] ?? { error: null });
      expect(error).toMatchObject({
        code: 'KAFKA_ACCESS',
        message: expect.stringMatching(message) as string,
        cure: expect.stringContaining('kafka-acls.sh') as string,
      });
    },
  );
});

/** Resolves to how many there are then. */
async function insertItems(more: number): Promise<number> {
  await database.query(
    `INSERT INTO item SELECT n + coalesce((SELECT max(id) FROM item), 0), 'x'
       FROM generate_series(1, ${more}) n`,
  );
  const [row] = await database.query('SELECT count(*)::int AS n FROM item');
  return Number(row?.['n']);
}

function sameAcl(one: Acl, other: Acl): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
