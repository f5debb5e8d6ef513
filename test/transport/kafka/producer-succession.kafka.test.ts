import { expect, test } from 'vitest';
import { openKafkajsClient } from '../../../src/transport/kafka/kafkajs/kafkajs-client.ts';
import { sharedBroker } from '../../support/kafka.ts';
import { connectionTo, newTopic, PRODUCER, sendNumbers } from './client-contract-fixtures.ts';

// A broker that was paused may hold requests of a producer that has given up meanwhile: appended
// behind its successor's, they would be the last word on their keys. This client sends such a
// request as it stands, where the other one would ask for a new id.
test('a broker refuses what comes of a producer after its successor', async () => {
  await using client = await openKafkajsClient(connectionTo(sharedBroker().bootstrapServers));
  const topic = await newTopic(client);
  await using before = await client.producer(PRODUCER);
  await sendNumbers(before, topic, 0, 10);
  await using successor = await client.producer({ ...PRODUCER, after: before.identity });
  await sendNumbers(successor, topic, 10, 20);
  const late = sendNumbers(before, topic, 20, 30);
  await expect(late).rejects.toMatchObject({ code: 'KAFKA_FENCED' });
  await sendNumbers(successor, topic, 20, 30);
  const [end] = await client.admin.offsets([{ topic, partition: 0 }], 'latest');
  expect(end?.offset).toBe(30);
});
