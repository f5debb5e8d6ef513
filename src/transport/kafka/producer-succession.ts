import type { KafkaProducerOptions, ProducerIdentity } from './kafka-client.ts';

const LAST_EPOCH = 32_766;

/**
 * Who a producer is that comes in the place of another one; null: a broker has to be asked. Without
 * transactions no coordinator watches over epochs, so a producer raises its own: the leader of a
 * partition takes the higher one from sequence 0 on, and refuses the lower one from then on. (As
 * Java's producer does after a batch that timed out, KIP-360.)
 */
export function successorOf({
  transactionalId,
  after,
}: Pick<KafkaProducerOptions, 'transactionalId' | 'after'>): ProducerIdentity | null {
  if (transactionalId !== null || after === undefined) return null;
  const { producerId, producerEpoch } = after;
  return producerEpoch >= LAST_EPOCH ? null : { producerId, producerEpoch: producerEpoch + 1 };
}
