import { afterAll, beforeAll, describe, test } from 'vitest';
import { startOwnBroker } from '../../support/kafka.ts';
import type { KafkaCluster } from '../../support/kafka-cluster.ts';
import * as hazards from './client-hazards.ts';

describe('one broker that forgets producers soon', () => {
  let broker: KafkaCluster;
  beforeAll(async () => {
    const settings = {
      'producer.id.expiration.ms': 1500,
      'producer.id.expiration.check.interval.ms': 200,
    };
    broker = await startOwnBroker({ settings });
  });
  afterAll(() => broker[Symbol.asyncDispose]());

  test.each(hazards.CLIENTS)(
    '%s: a lost producer id loses, doubles and reorders nothing',
    (_, open) => hazards.meet(open, broker, hazards.lostProducerId),
  );
});

describe('one broker', () => {
  let broker: KafkaCluster;
  beforeAll(async () => {
    broker = await startOwnBroker();
  });
  afterAll(() => broker[Symbol.asyncDispose]());

  test.each(hazards.CLIENTS)('%s: an epoch that was overtaken does not hinder', (_, open) =>
    hazards.meet(open, broker, hazards.overtakenEpoch),
  );

  test.each(hazards.CLIENTS)('%s: the broker is killed under load, and comes back', (_, open) =>
    hazards.meet(open, broker, hazards.killedUnderLoad),
  );

  test.each(hazards.CLIENTS)('%s: the broker answers later than anybody waits', (_, open) =>
    hazards.meet(open, broker, hazards.answeredLate),
  );

  test.each(hazards.CLIENTS)('%s: a transaction is open while the broker is killed', (_, open) =>
    hazards.meet(open, broker, hazards.transactionOverKill),
  );
});
