import { afterAll, beforeAll, describe, test } from 'vitest';
import { startOwnBroker } from '../../support/kafka.ts';
import type { KafkaCluster } from '../../support/kafka-cluster.ts';
import * as hazards from './client-hazards.ts';

// Beside the hazards of one broker: brokers that are waited for leave the machine idle.

describe('three brokers', () => {
  let cluster: KafkaCluster;
  beforeAll(async () => {
    cluster = await startOwnBroker({ brokers: 3 });
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  test.each(hazards.CLIENTS)('%s: the leader of a partition is killed', (_, open) =>
    hazards.meet(open, cluster, hazards.leaderChange),
  );

  test.each(hazards.CLIENTS)('%s: one partition of a batch fails for a while', (_, open) =>
    hazards.meet(open, cluster, hazards.onePartitionFails),
  );
});
