import { expect, test } from 'vitest';
import { BrokerConnections } from '../../../../src/transport/kafka/platformatic/broker-connections.ts';
import { askForTopic } from '../../../../src/transport/kafka/platformatic/topic-creation.ts';
import { freshPrefix, sharedBroker } from '../../../support/kafka.ts';
import { connectionTo } from '../client-contract-fixtures.ts';

test('a topic is checked without being made, made once, and refused with reasons', async () => {
  const brokers = new BrokerConnections(connectionTo(sharedBroker().bootstrapServers));
  const spec = { name: freshPrefix(), partitions: 2, replicationFactor: 1, configs: {} };
  const ask = async (onlyCheck: boolean): Promise<string> =>
    (await askForTopic(brokers, spec, onlyCheck)).error;
  expect([await ask(true), await ask(true)]).toEqual(['NONE', 'NONE']);
  expect([await ask(false), await ask(false)]).toEqual(['NONE', 'TOPIC_ALREADY_EXISTS']);
  const configs = { 'cleanup.policy': 'no' };
  expect(await askForTopic(brokers, { ...spec, name: freshPrefix(), configs }, true)).toEqual({
    error: 'INVALID_CONFIG',
    says: expect.stringContaining('Invalid value no for configuration') as string,
  });
  await brokers.close();
});
