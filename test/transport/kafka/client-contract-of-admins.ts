import { expect } from 'vitest';
import { freshPrefix, sharedBroker } from '../../support/kafka.ts';
import {
  connectionTo,
  type Contract,
  newTopic,
  openMember,
  PRODUCER,
  sendNumbers,
  SENT_AT,
} from './client-contract-fixtures.ts';

/** What is asked of and changed in the cluster. */
export const adminContract: Contract = {
  'a topic is created once, with its configuration, and described': async (open) => {
    await using client = await open(connectionTo(sharedBroker().bootstrapServers));
    const { admin } = client;
    const name = freshPrefix();
    const configs = { 'cleanup.policy': 'compact', 'segment.ms': '12345' };
    const spec = { name, partitions: 3, replicationFactor: -1, configs };
    const described = [{ name, partitions: 3, replicationFactor: 1 }];
    expect(await admin.createTopic(spec)).toEqual({ ...described[0], created: true });
    expect(await admin.createTopic(spec)).toEqual({ ...described[0], created: false });
    expect(await admin.describeTopics([name, freshPrefix()])).toEqual(described);
    const all = await admin.describeTopics(null);
    expect(all).toContainEqual(described[0]);
    // Those of the brokers themselves; others may begin like them.
    const internal = ['__consumer_offsets', '__transaction_state'];
    expect(all.filter((topic) => internal.includes(topic.name))).toEqual([]);
    const config = await admin.topicConfig(name);
    expect(config.get('cleanup.policy')).toBe('compact');
    expect(config.get('segment.ms')).toBe('12345');
    // A default of the broker.
    expect(config.get('max.message.bytes')).toBe('1048588');
  },

  'a topic that cannot be made is KAFKA_TOPIC and says why': async (open) => {
    await using client = await open(connectionTo(sharedBroker().bootstrapServers));
    const spec = { name: freshPrefix(), partitions: 1, replicationFactor: 7, configs: {} };
    await expect(client.admin.createTopic(spec)).rejects.toMatchObject({
      code: 'KAFKA_TOPIC',
      message: expect.stringMatching(/INVALID_REPLICATION_FACTOR.*7/s) as string,
    });
    const wrong = { ...spec, replicationFactor: 1, configs: { 'cleanup.policy': 'nonsense' } };
    await expect(client.admin.createTopic(wrong)).rejects.toMatchObject({ code: 'KAFKA_TOPIC' });
  },

  'topics are deleted, also those that are gone': async (open) => {
    await using client = await open(connectionTo(sharedBroker().bootstrapServers));
    const { admin } = client;
    const topic = await newTopic(client);
    await admin.deleteTopics([topic, freshPrefix()]);
    await expect.poll(() => admin.describeTopics([topic])).toEqual([]);
    await admin.deleteTopics([]);
  },

  'the cluster has an id': async (open) => {
    await using client = await open(connectionTo(sharedBroker().bootstrapServers));
    expect(await client.admin.clusterId()).toMatch(/^[\w-]{22}$/);
  },

  'offsets are found at both ends and by time': async (open) => {
    await using client = await open(connectionTo(sharedBroker().bootstrapServers));
    const { admin } = client;
    const topic = await newTopic(client, 2);
    await using producer = await client.producer(PRODUCER);
    // Record n has the time SENT_AT + n and goes to partition n mod 2.
    await sendNumbers(producer, topic, 0, 100, 2);
    const partitions = [1, 0].map((partition) => ({ topic, partition }));
    const offsets = async (at: Parameters<typeof admin.offsets>[1]): Promise<number[]> => {
      const found = await admin.offsets(partitions, at);
      expect(found.map(({ partition }) => partition)).toEqual([1, 0]);
      return found.map(({ offset }) => offset);
    };
    expect(await offsets('earliest')).toEqual([0, 0]);
    expect(await offsets('latest')).toEqual([50, 50]);
    expect(await offsets({ timestampMs: SENT_AT + 11 })).toEqual([5, 6]);
    expect(await offsets({ timestampMs: SENT_AT + 99 })).toEqual([49, 50]);
    expect(await offsets({ timestampMs: 1 })).toEqual([0, 0]);
  },

  'offsets of a group without members are set, those of others are refused': async (open) => {
    await using client = await open(connectionTo(sharedBroker().bootstrapServers));
    const { admin } = client;
    const topic = await newTopic(client, 2);
    const at = (partition: number, offset: number): object => ({ topic, partition, offset });
    await admin.setGroupOffsets(topic, [
      { topic, partition: 0, offset: 5 },
      { topic, partition: 1, offset: 7 },
    ]);
    await admin.setGroupOffsets(topic, [{ topic, partition: 1, offset: 6 }]);
    const found = await admin.groupOffsets(topic);
    expect(found.toSorted((a, b) => a.partition - b.partition)).toEqual([at(0, 5), at(1, 6)]);
    expect(await admin.groups()).toContain(topic);
    const { consumer } = await openMember(client, topic);
    await consumer.subscribe([topic]);
    const refused = { code: 'KAFKA_REBALANCE' };
    const offset = { topic, partition: 0, offset: 1 };
    await expect(admin.setGroupOffsets(topic, [offset])).rejects.toMatchObject(refused);
    await expect(admin.deleteGroup(topic)).rejects.toMatchObject(refused);
    await consumer[Symbol.asyncDispose]();
    await admin.deleteGroup(topic);
    expect(await admin.groups()).not.toContain(topic);
    expect(await admin.groupOffsets(topic)).toEqual([]);
    await admin.deleteGroup(topic);
  },
};
