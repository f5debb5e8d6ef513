import type { KafkaProducer, KafkaProducerOptions } from '../kafka-client.ts';
import { successorOf } from '../producer-succession.ts';
import type { BrokerConnections } from './broker-connections.ts';
import { PlatformaticProducer } from './platformatic-producer.ts';
import { newProducerId, Transactions } from './transaction.ts';

/** Opens a producer; with a transactional id older ones of it are fenced when this resolves. */
export async function openProducer(
  brokers: BrokerConnections,
  options: KafkaProducerOptions,
): Promise<KafkaProducer> {
  try {
    await brokers.metadata([]);
    const { transactionalId, transactionTimeoutMs } = options;
    if (transactionalId === null) {
      const identity = successorOf(options) ?? (await newProducerId(brokers));
      return new PlatformaticProducer(brokers, options, null, identity);
    }
    const transactions = new Transactions(brokers, transactionalId, transactionTimeoutMs);
    return new PlatformaticProducer(brokers, options, transactions, await transactions.open());
  } catch (error) {
    await brokers.close();
    throw error;
  }
}
