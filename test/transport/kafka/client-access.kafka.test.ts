import { afterAll, beforeAll, test } from 'vitest';
import { openKafkajsClient } from '../../../src/transport/kafka/kafkajs/kafkajs-client.ts';
import { openPlatformaticClient } from '../../../src/transport/kafka/platformatic/platformatic-client.ts';
import { startOwnBroker } from '../../support/kafka.ts';
import type { KafkaCluster } from '../../support/kafka-cluster.ts';
import { refusals } from './client-contract-of-access.ts';

let broker: KafkaCluster;
beforeAll(async () => {
  broker = await startOwnBroker({ secure: true });
});
afterAll(() => broker[Symbol.asyncDispose]());

test.each([
  ['@platformatic/kafka', openPlatformaticClient],
  ['kafkajs', openKafkajsClient],
] as const)('%s: what no ACL allows is refused by name, with the ACL to add', (_, open) =>
  refusals(open, broker),
);
