import { afterAll, beforeAll } from 'vitest';
import type { KafkaClient, KafkaConnection } from '../../../src/transport/kafka/kafka-client.ts';
import { openKafkajsClient } from '../../../src/transport/kafka/kafkajs/kafkajs-client.ts';
import { openPlatformaticClient } from '../../../src/transport/kafka/platformatic/platformatic-client.ts';
import { startOwnBroker } from '../../support/kafka.ts';
import type { KafkaCluster } from '../../support/kafka-cluster.ts';
import { transportConformance } from '../conformance.ts';
import { kafkaLog } from './kafka-conformance.ts';

// Of their own: a test deletes all topics and groups that it finds.
let broker: KafkaCluster;
beforeAll(async () => {
  broker = await startOwnBroker();
});
afterAll(() => broker[Symbol.asyncDispose]());

const connection = (): KafkaConnection => ({
  bootstrapServers: broker.bootstrapServers.split(','),
  clientId: 'conformance',
  tls: null,
  sasl: null,
  requestTimeoutMs: 30_000,
  connectTimeoutMs: 10_000,
  metadataMaxAgeMs: 30_000,
});

const CLIENTS: readonly (readonly [string, () => Promise<KafkaClient>])[] = [
  ['kafkajs', () => openKafkajsClient(connection())],
  ['platformatic', () => openPlatformaticClient(connection())],
];

for (const [name, open] of CLIENTS) {
  transportConformance(`kafka by ${name}`, kafkaLog(open));
}
