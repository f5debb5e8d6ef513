import { protocolErrors } from '@platformatic/kafka';
import { expect, test } from 'vitest';
import {
  isRetriableKafkaError,
  kafkaErrorName,
} from '../../../src/transport/kafka/kafka-error-names.ts';

test('names agree with the table of a client library', () => {
  for (const { code, id } of Object.values(protocolErrors)) {
    if (code <= 120) expect(kafkaErrorName(code)).toBe(id);
  }
  expect(kafkaErrorName(4711)).toBe('error 4711');
});

test('what may pass by itself is told from what may not', () => {
  expect(isRetriableKafkaError('NOT_LEADER_OR_FOLLOWER')).toBe(true);
  expect(isRetriableKafkaError('TOPIC_AUTHORIZATION_FAILED')).toBe(false);
});
