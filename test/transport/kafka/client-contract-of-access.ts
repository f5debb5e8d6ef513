import { expect } from 'vitest';
import type { KafkaConnection } from '../../../src/transport/kafka/kafka-client.ts';
import { freshPrefix } from '../../support/kafka.ts';
import { aclsOfLine, setAcls } from '../../support/kafka-acls.ts';
import type { KafkaCluster } from '../../support/kafka-cluster.ts';
import { KAFKA_USERS } from '../../support/kafka-security.ts';
import {
  connectionTo,
  NEVER,
  newTopic,
  openMember,
  type OpenClient,
  PRODUCER,
  sendNumbers,
} from './client-contract-fixtures.ts';

/** What is refused to whom nothing was allowed: each error names operation and resource. */
export async function refusals(open: OpenClient, broker: KafkaCluster): Promise<void> {
  const as = (username: keyof typeof KAFKA_USERS): KafkaConnection => {
    const sasl = { mechanism: 'SCRAM-SHA-512', username, password: KAFKA_USERS[username] } as const;
    return connectionTo(broker.saslPlaintextServers, { sasl });
  };
  await using admin = await open(as('admin'));
  const topic = await newTopic(admin);
  await using alice = await open(as('alice'));
  const refused = async (what: Promise<unknown>, message: string, acl: string): Promise<void> => {
    await expect(what).rejects.toMatchObject({
      code: 'KAFKA_ACCESS',
      message: expect.stringContaining(`User:alice may not ${message}`) as string,
      cure: expect.stringMatching(
        new RegExp(`^kafka-acls.sh .*--add --allow-principal User:alice --operation ${acl}$`),
      ) as string,
    });
  };
  const spec = { name: freshPrefix(), partitions: 1, replicationFactor: 1, configs: {} };
  await refused(
    alice.admin.createTopic(spec),
    `CREATE Topic:${spec.name}`,
    `Create --topic ${spec.name}`,
  );
  await refused(
    alice.admin.topicConfig(topic),
    `DESCRIBE_CONFIGS Topic:${topic}`,
    `DescribeConfigs --topic ${topic}`,
  );
  await refused(
    alice.admin.setGroupOffsets('theirs', [{ topic, partition: 0, offset: 1 }]),
    'READ Group:theirs',
    'Read --group theirs',
  );
  expect(await alice.admin.describeTopics(null)).toEqual([]);

  const transactional = { ...PRODUCER, transactionalId: 'theirs' };
  await refused(
    alice.producer(transactional),
    'WRITE TransactionalId:theirs',
    'Write --transactional-id theirs',
  );
  await refused(alice.producer(PRODUCER), 'IDEMPOTENT_WRITE Cluster', 'IdempotentWrite --cluster');
  // Whoever may write any topic may do so idempotently.
  await setAcls(broker, 'alice', aclsOfLine('--operation Write --topic other'));
  await using producer = await alice.producer(PRODUCER);
  const write = `Write --topic ${topic}`;
  await refused(sendNumbers(producer, topic, 0, 1), `WRITE Topic:${topic}`, write);
  await setAcls(broker, 'alice', aclsOfLine(`--operation ${write}`));
  await using allowed = await alice.producer(PRODUCER);
  await sendNumbers(allowed, topic, 0, 1);
  await setAcls(broker, 'alice', []);
  const reader = await openMember(alice, null);
  const read = async (): Promise<void> => {
    await reader.consumer.subscribe([topic]);
    await reader.consumer.poll({ maxWaitMs: 5000, signal: NEVER });
  };
  await refused(read(), `READ Topic:${topic}`, `Read --topic ${topic}`);
  const member = await openMember(alice, 'theirs');
  await refused(member.consumer.subscribe([topic]), 'READ Group:theirs', 'Read --group theirs');
}
