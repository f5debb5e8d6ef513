import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KafkaConnection } from '../../../../src/transport/kafka/kafka-client.ts';
import { ClusterSurveyor } from '../../../../src/transport/kafka/platformatic/cluster-survey.ts';
import { aclsOfLine, setAcls } from '../../../support/kafka-acls.ts';
import type { KafkaCluster } from '../../../support/kafka-cluster.ts';
import { sharedBroker, startOwnBroker } from '../../../support/kafka.ts';
import { pem } from '../../../support/tls-server.ts';

const TIMES = { requestTimeoutMs: 5000, connectTimeoutMs: 5000, metadataMaxAgeMs: 60_000 };

let broker: KafkaCluster;

beforeAll(async () => {
  broker = await startOwnBroker({ secure: true });
  await setAcls(broker, 'alice', [
    ...aclsOfLine(
      '--operation Write --operation Create --topic a. --resource-pattern-type prefixed',
    ),
    ...aclsOfLine('--operation Read --topic read'),
    ...aclsOfLine('--operation Read --group g'),
    ...aclsOfLine('--operation Write --transactional-id t'),
  ]);
});

afterAll(async () => {
  await broker[Symbol.asyncDispose]();
});

function secure(): KafkaConnection {
  return {
    bootstrapServers: [broker.bootstrapServers],
    clientId: 'survey',
    tls: () => ({ ca: pem('ca.pem'), checkHost: true }),
    sasl: { mechanism: 'PLAIN', username: 'alice', password: 'alice-secret' },
    ...TIMES,
  };
}

function plain(): KafkaConnection {
  const { bootstrapServers } = sharedBroker();
  return {
    bootstrapServers: [bootstrapServers],
    clientId: 'survey',
    tls: null,
    sasl: null,
    ...TIMES,
  };
}

test('rights are told exactly, also for topics that do not exist', async () => {
  await using surveyor = new ClusterSurveyor(secure());
  const found = await surveyor.survey({
    topics: ['a.b', 'read', 'hidden', 'a.b'],
    groups: ['g', 'h'],
    transactionalIds: ['t', 'u'],
  });
  const operations = Object.fromEntries(
    [...found.topics].map(([name, topic]) => [name, [...topic.operations].toSorted()]),
  );
  expect(operations).toEqual({
    'a.b': ['CREATE', 'DESCRIBE', 'WRITE'],
    read: ['DESCRIBE', 'READ'],
    hidden: [],
  });
  expect([found.brokers, [...found.groups], [...found.transactionalIds]]).toEqual([
    1,
    ['g'],
    ['t'],
  ]);
  expect(surveyor.missing('WRITE', 'Topic:hidden')).toMatchObject({
    code: 'KAFKA_ACCESS',
    message: expect.stringMatching(/^User:alice may not WRITE Topic:hidden/) as string,
  });
});

test('where nobody is kept away everything may be done', async () => {
  await using surveyor = new ClusterSurveyor(plain());
  const found = await surveyor.survey({
    topics: ['nobody'],
    groups: ['g'],
    transactionalIds: ['t'],
  });
  const { operations, partitions } = found.topics.get('nobody') ?? {};
  expect(partitions).toBe(0);
  expect([...(operations ?? [])]).toEqual(expect.arrayContaining(['READ', 'WRITE', 'CREATE']));
  expect([found.groups.size, found.transactionalIds.size]).toEqual([1, 1]);
});

test.each([
  ['a.b', 1, {}, null],
  ['b', 1, {}, ['KAFKA_ACCESS', /may not CREATE Topic:b/]],
  ['a.b', 3, {}, ['KAFKA_TOPIC', /INVALID_REPLICATION_FACTOR/]],
  ['a.b', 1, { 'cleanup.policy': 'no' }, ['KAFKA_TOPIC', /Invalid value no for configuration/]],
] as const)('a topic %s of %i replicas with %j: %s', async (name, replicas, configs, wanted) => {
  await using surveyor = new ClusterSurveyor(secure());
  const spec = { name, partitions: 1, replicationFactor: replicas, configs };
  const problem = await surveyor.creationProblem(spec);
  if (wanted === null) expect(problem).toBeNull();
  else
    expect([problem?.code, problem?.message]).toEqual([
      wanted[0],
      expect.stringMatching(wanted[1]),
    ]);
  // Nothing was made.
  const { topics } = await surveyor.survey({ topics: [name], groups: [], transactionalIds: [] });
  expect(topics.get(name)?.partitions).toBe(0);
});
