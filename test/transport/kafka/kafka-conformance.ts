import type { KafkaClient } from '../../../src/transport/kafka/kafka-client.ts';
import { openKafkaTransport } from '../../../src/transport/kafka/kafka-transport.ts';
import type { KafkaTransportOptions } from '../../../src/transport/kafka/kafka-transport.ts';
import { freshPrefix } from '../../support/kafka.ts';
import type { ConformanceLog } from '../log-reading.ts';

type Settings = Omit<KafkaTransportOptions, 'producing' | 'openConsuming'>;

/** Settings of a transport whose storage topics nobody else uses. */
export function transportSettings(prefix: string): Settings {
  return {
    owner: 'shop',
    offsets: { name: `${prefix}-offsets`, partitions: 3, replicationFactor: 1 },
    state: { name: `${prefix}-state`, replicationFactor: 1 },
    topicSpec: (name, { partitions = 1 }) => ({
      name,
      partitions,
      replicationFactor: 1,
      configs: {},
    }),
    producer: {
      transactionalId: null,
      transactionTimeoutMs: 60_000,
      compression: 'none',
      batchBytes: 1024 * 1024,
      maxRequestBytes: 1024 * 1024,
      maxInFlight: 5,
      deliveryTimeoutMs: 120_000,
    },
    deadLetters: null,
    consumer: () => ({
      isolation: 'read_committed',
      sessionTimeoutMs: 10_000,
      heartbeatIntervalMs: 1_000,
      rebalanceTimeoutMs: 30_000,
      fetchMaxBytes: 8 * 1024 * 1024,
      partitionFetchBytes: 1024 * 1024,
    }),
    topicIntervalMs: 30_000,
  };
}

/** A log on a broker of which all topics and groups may be deleted. */
export function kafkaLog(openClient: () => Promise<KafkaClient>) {
  return (): Promise<ConformanceLog> => {
    const prefix = freshPrefix();
    const settings = transportSettings(prefix);
    return Promise.resolve({
      distributed: true,
      open: async () => {
        const client = await openClient();
        return openKafkaTransport({
          ...settings,
          producing: client,
          openConsuming: () => Promise.resolve(client),
        });
      },
      [Symbol.asyncDispose]: async () => {
        await using client = await openClient();
        const { admin } = client;
        for (const group of await admin.groups()) await admin.deleteGroup(group);
        const topics = (await admin.describeTopics(null)).map(({ name }) => name);
        if (topics.length > 0) await admin.deleteTopics(topics);
      },
    });
  };
}
