import { expect, test } from 'vitest';
import { successorOf } from '../../../src/transport/kafka/producer-succession.ts';

const after = { producerId: 7n, producerEpoch: 3 };

test('a successor raises the epoch of the one before it', () => {
  expect(successorOf({ transactionalId: null, after })).toEqual({
    producerId: 7n,
    producerEpoch: 4,
  });
});

test('the first one, one with transactions, and one at the last epoch ask a broker', () => {
  expect(successorOf({ transactionalId: null })).toBeNull();
  expect(successorOf({ transactionalId: 'id', after })).toBeNull();
  const last = { ...after, producerEpoch: 32_766 };
  expect(successorOf({ transactionalId: null, after: last })).toBeNull();
});
